import { CLUSTERS, type Cluster } from './expected-check.ts';
import type { GuardedSuite, Victim } from './guarded-suite.ts';

/** What an attempt sends, before the headers that say who it is. */
export type AttemptRequest = { method: string; path: string; headers?: readonly string[]; body?: string };

/** A way that leads to a cluster. */
export type Attempt = {
  name: string;
  /** The cluster it leads to; `routing`: the one that a new statement would go to. */
  leadsTo: Cluster | 'routing';
  /**
   * strict: refused with 401 or 403, or let in. elsewhere: the gateway may also answer it in another way, without that
   * cluster. own: it concerns what waits in the gateway for that cluster, and never reaches it. link: a secret is enough.
   */
  kind: 'strict' | 'elsewhere' | 'own' | 'link';
  /** `real`: with what alice has there; else what is made up, so that nothing of hers is ended by who is let in. */
  request(world: GuardedSuite, real: boolean): AttemptRequest;
};

const kill = (id: string) => `CALL system.runtime.kill_query('${id}', 'attack')`;
const encoded = (sql: string) => encodeURIComponent(sql).replaceAll('%20', '+');
const statement = (body: string, headers: readonly string[] = []): AttemptRequest => ({
  method: 'POST',
  path: '/v1/statement',
  headers,
  body,
});
const prepared = (...statements: string[]) => [
  'X-Trino-Prepared-Statement',
  statements.map((sql) => `p=${encoded(sql)}`).join(','),
];
const UNKNOWN = '20260101_000000_00001_zzzzz';

const routing = (name: string, request: AttemptRequest): Attempt => ({
  name,
  leadsTo: 'routing',
  kind: 'strict',
  request: () => request,
});

const ROUTED: readonly Attempt[] = [
  routing('POST statement', statement('SELECT 1')),
  routing('HEAD statement', { method: 'HEAD', path: '/v1/statement' }),
  routing('info', { method: 'GET', path: '/v1/info' }),
  routing('info/state', { method: 'GET', path: '/v1/info/state' }),
  routing('status', { method: 'GET', path: '/v1/status' }),
  routing('ui', { method: 'GET', path: '/ui/' }),
  routing('ui/login page', { method: 'GET', path: '/ui/login.html' }),
  routing('ui/login', { method: 'POST', path: '/ui/login', body: 'username=root' }),
  routing('/', { method: 'GET', path: '/' }),
];

type Made = (victim: Victim) => AttemptRequest;

const bound = (name: string, leadsTo: Cluster, kind: Attempt['kind'], made: Made): Attempt => ({
  name: `${name} of ${leadsTo}`,
  leadsTo,
  kind,
  request: ({ victims }, real) => {
    const victim = victims[leadsTo];
    return made(real ? victim : { ...victim, queryId: `20260101_000000_00001_${victim.suffix}` });
  },
});

const to = (clusters: readonly Cluster[], name: string, kind: Attempt['kind'], made: Made) =>
  clusters.map((cluster) => bound(name, cluster, kind, made));

const ui = (path: string, more: Partial<AttemptRequest> = {}): AttemptRequest => ({ method: 'GET', path, ...more });
const referer = (id: string) => ['Referer', `http://trino.example/ui/query.html?${id}`];

const BOUND: readonly Attempt[] = [
  ...to(CLUSTERS, 'transaction', 'strict', ({ transactionId }) =>
    statement('SELECT 2', ['X-Trino-Transaction-Id', transactionId]),
  ),
  ...to(CLUSTERS, 'kill_query', 'strict', ({ queryId }) => statement(kill(queryId))),
  ...to(CLUSTERS, 'GET query', 'strict', ({ queryId }) => ui(`/v1/query/${queryId}`)),
  ...to(['guarded', 'both', 'fallback'], 'EXECUTE, last kills', 'strict', ({ queryId }) =>
    statement('EXECUTE p', prepared('SELECT 1', kill(queryId))),
  ),
  ...to(['guarded', 'both'], 'EXECUTE, lines, last kills', 'strict', ({ queryId }) =>
    statement('EXECUTE p', [...prepared('SELECT 1'), ...prepared(kill(queryId))]),
  ),
  ...to(['guarded', 'fallback'], 'EXECUTE, first kills', 'elsewhere', ({ queryId }) =>
    statement('EXECUTE p', prepared(kill(queryId), 'SELECT 1')),
  ),
  ...to(['guarded'], 'EXECUTE IMMEDIATE kill', 'elsewhere', ({ queryId }) =>
    statement(`EXECUTE IMMEDIATE '${kill(queryId).replaceAll("'", "''")}'`),
  ),
  ...to(['guarded'], 'HEAD query', 'strict', ({ queryId }) => ui(`/v1/query/${queryId}`, { method: 'HEAD' })),
  ...to(['guarded', 'both'], 'DELETE query', 'strict', ({ queryId }) =>
    ui(`/v1/query/${queryId}`, { method: 'DELETE' }),
  ),
  ...to(['guarded', 'fallback'], 'PUT killed', 'strict', ({ queryId }) =>
    ui(`/v1/query/${queryId}/killed`, { method: 'PUT', body: 'attack' }),
  ),
  ...to(['guarded'], 'PUT preempted', 'strict', ({ queryId }) =>
    ui(`/v1/query/${queryId}/preempted`, { method: 'PUT', body: 'attack' }),
  ),
  ...to(['guarded', 'both', 'open'], 'ui/query.html', 'strict', ({ queryId }) => ui(`/ui/query.html?${queryId}`)),
  ...to(['guarded', 'limited'], 'ui/api/query', 'strict', ({ queryId }) => ui(`/ui/api/query/${queryId}`)),
  ...to(['guarded'], 'ui/api/stats, Referer', 'elsewhere', ({ queryId }) =>
    ui('/ui/api/stats', { headers: referer(queryId) }),
  ),
  ...to(['guarded', 'both'], 'ui/login, Referer', 'elsewhere', ({ queryId }) =>
    ui('/ui/login', { method: 'POST', body: 'username=root', headers: referer(queryId) }),
  ),
  ...to(['guarded', 'fallback'], 'ui, cookie', 'elsewhere', ({ cookie }) =>
    ui('/ui/', { headers: ['Cookie', cookie] }),
  ),
];

const unknown = (name: string, request: AttemptRequest): Attempt => ({
  name: `${name} of nobody`,
  leadsTo: 'guarded',
  kind: 'elsewhere',
  request: () => request,
});

const own = (name: string, made: (id: string) => AttemptRequest): Attempt => ({
  name: `${name} that waits`,
  leadsTo: 'limited',
  kind: 'own',
  request: ({ waiting }) => made(waiting.queryId),
});

/** What changes nothing for whoever is let in comes first. */
const OWN: readonly Attempt[] = [
  own('GET query', (id) => ui(`/v1/query/${id}`)),
  own('ui/query.html', (id) => ui(`/ui/query.html?${id}`)),
  own('kill_query', (id) => statement(kill(id))),
  own('DELETE query', (id) => ui(`/v1/query/${id}`, { method: 'DELETE' })),
  own('PUT killed', (id) => ui(`/v1/query/${id}/killed`, { method: 'PUT', body: 'attack' })),
];

const LINKS: readonly Attempt[] = [
  ...to(['guarded', 'both', 'fallback', 'open'], 'link', 'link', ({ link }) => ui(link)),
  { ...own('link', () => ui('')), kind: 'link', request: ({ waiting }) => ui(waiting.link) },
];

/** All attempts of this attack; what may end something comes last. */
export const ATTEMPTS: readonly Attempt[] = [
  ...LINKS,
  ...ROUTED,
  ...BOUND,
  unknown('GET query', ui(`/v1/query/${UNKNOWN}`)),
  unknown('kill_query', statement(kill(UNKNOWN))),
  unknown('ui/query.html', ui(`/ui/query.html?${UNKNOWN}`)),
  unknown('spooled segment', ui('/v1/spooled/download/AAAA')),
  unknown('spooled segment, made-up path', ui('/v1/coordinator/zzzzz.AAAAAAAAAAAAAAAA/v1/spooled/ack/AAAA')),
  ...OWN,
];

/** Those that are also gone with every kind of credentials. */
export const TELLING_ATTEMPTS: ReadonlySet<string> = new Set([
  'POST statement',
  'info',
  'ui',
  'transaction of guarded',
  'kill_query of guarded',
  'GET query of guarded',
  'ui/query.html of guarded',
  'GET query of fallback',
  'GET query that waits',
]);
