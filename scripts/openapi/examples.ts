import type { Json } from './json.ts';

/** What one would try first, by the name of the RPC: as the body of REST. */
export const EXAMPLES: Readonly<Record<string, Json>> = {
  PutBackend: { url: 'http://trino-blue:8080', loadThreshold: 40, labels: { site: 'vienna' } },
  MarkHealthy: { durationMs: 600_000, reason: 'the probe user is locked' },
  MarkUnhealthy: { durationMs: 600_000, reason: 'upgrade' },
  UpdateClusterLoad: { clusterLoad: 12.5, durationMs: 600_000, reason: 'a load test' },
  PutGroup: { backendIds: ['blue'], strategy: 'LEAST_LOAD' },
  EvaluateBackendForGroups: { groupIds: ['adhoc'], user: 'alice' },
  PutPolicy: { listeningPort: 8080, groupId: 'adhoc' },
  EvaluateGroupsForClient: { listeningPort: 8080, headers: [{ name: 'X-Trino-Client-Tags', value: 'nightly' }] },
  EvaluateAuthDelegationForClient: { listeningPort: 8080 },
  EvaluateRequestSourceForClient: { listeningPort: 8080 },
  Decide: { listeningPort: 8080, user: 'alice', statement: 'SELECT 1' },
};

/** An id to try, by the service. */
export const EXAMPLE_IDS: Readonly<Record<string, string>> = {
  BackendService: 'blue',
  GroupService: 'adhoc',
  PolicyService: 'everybody',
  QueryService: '20261121_080808_00130_93wed',
};
