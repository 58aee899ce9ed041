// The rule of delegated authentication once more, from its sentence alone and for the few objects of this attack: what the
// product does is held against it.

/** The clusters. `fallback` is only the fallback of a delegated policy; `both` is named by a delegated and by an open one. */
export const CLUSTERS = ['guarded', 'both', 'fallback', 'limited', 'open'] as const;
export type Cluster = (typeof CLUSTERS)[number];

/** The members of the groups. */
export const GROUPS: Readonly<Record<string, readonly Cluster[]>> = {
  'g-guarded': ['guarded', 'both'],
  'g-fallback': ['fallback'],
  'g-limited': ['limited'],
  'g-open': ['open'],
  'g-both': ['both'],
};

/** A policy: for a host, or for the second listener. */
export type EntryPolicy = { id: string; host?: string; group: string; fallback?: string; delegated: boolean };

export const POLICIES: readonly EntryPolicy[] = [
  { id: 'p-guarded', host: 'trino.example', group: 'g-guarded', fallback: 'g-fallback', delegated: true },
  { id: 'p-limited', host: 'limited.example', group: 'g-limited', delegated: true },
  { id: 'p-open', host: 'open.example', group: 'g-open', delegated: false },
  { id: 'p-second', group: 'g-both', delegated: false },
];
export const DEFAULT_GROUP = 'g-guarded';

/** Where a client comes in: a listener, and how it names the host. */
export type EntryPoint = {
  name: string;
  listener: 0 | 1;
  /** The Host line, or lines. */
  hosts: readonly string[];
  /** The authority of an absolute request target, where it has one. */
  authority?: string;
  /** What else is said of it, by somebody who is no trusted proxy. */
  headers?: readonly string[];
  /** RFC 9112 wants 400 for it, whoever asks. */
  isInvalid?: boolean;
};

const entry = (name: string, listener: 0 | 1, host: string, more: Partial<EntryPoint> = {}): EntryPoint => ({
  name,
  listener,
  hosts: [host],
  ...more,
});

export const ENTRY_POINTS: readonly EntryPoint[] = [
  entry('trino.example', 0, 'trino.example'),
  entry('TRINO.EXAMPLE', 0, 'TRINO.EXAMPLE'),
  entry('trino.example.', 0, 'trino.example.'),
  entry('trino.example:', 0, 'trino.example:'),
  entry('trino.example:80', 0, 'trino.example:80'),
  entry('no policy', 0, 'other.example'),
  entry('open.example', 0, 'open.example'),
  entry('limited', 0, 'limited.example'),
  entry('absolute', 0, 'trino.example', { authority: 'trino.example' }),
  entry('second', 1, 'other.example'),
  entry('second+trino', 1, 'Trino.example.:8080'),
  entry('second+open', 1, 'open.example'),
  entry('forwarded', 0, 'trino.example', {
    headers: ['X-Forwarded-Host', 'open.example', 'Forwarded', 'host=open.example', 'X-Forwarded-For', '10.0.0.1'],
  }),
  entry('abs≠Host', 0, 'open.example', { authority: 'trino.example', isInvalid: true }),
  entry('Host: a b', 0, 'a b', { isInvalid: true }),
  { name: 'two Hosts', listener: 0, hosts: ['open.example', 'trino.example'], isInvalid: true },
];

/** Compared without case, port and trailing dot. */
const hostOf = ({ hosts }: EntryPoint) => (hosts[0] ?? '').toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
const matching = (at: EntryPoint) =>
  POLICIES.filter(({ host }) => (host === undefined ? at.listener === 1 : host === hostOf(at)));
const leadsTo = ({ group, fallback }: EntryPolicy): readonly Cluster[] => [
  ...(GROUPS[group] ?? []),
  ...(GROUPS[fallback ?? ''] ?? []),
];

/** Whether somebody at this entry point reaches this cluster only after the delegated check. */
export function mustAsk(at: EntryPoint, cluster: Cluster): boolean {
  const here = matching(at);
  if (here.some(({ delegated }) => delegated)) return true;
  const isProtected = POLICIES.some((policy) => policy.delegated && leadsTo(policy).includes(cluster));
  return isProtected && !here.some((policy) => leadsTo(policy).includes(cluster));
}

/** The clusters that routing may choose for a new statement at this entry point. */
export function routedTo(at: EntryPoint): readonly Cluster[] {
  const here = matching(at);
  if (here.length === 0) return GROUPS[DEFAULT_GROUP] ?? [];
  const [first, ...others] = here.map(({ group }) => group);
  if (first !== undefined && others.every((group) => group === first)) return GROUPS[first] ?? [];
  // Port and host disagree: their fallback groups, of which there is one here at most.
  return GROUPS[here.find(({ fallback }) => fallback !== undefined)?.fallback ?? ''] ?? [];
}
