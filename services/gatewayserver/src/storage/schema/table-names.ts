/** The tables, under the names that repositories go by here. */
export const TABLES = {
  backends: 'backends',
  groups: 'routing_groups',
  policies: 'policies',
  chains: 'routing_chains',
  statuses: 'backend_statuses',
  overrides: 'backend_overrides',
  schedules: 'backend_schedules',
  incarnations: 'incarnations',
  transactions: 'open_transactions',
  revisions: 'revisions',
  secrets: 'suite_secrets',
  queries: 'queries',
  duties: 'duties',
  admission: 'admission_entries',
  sealed: 'admission_sealed',
  routingHits: 'routing_hits',
} as const;
