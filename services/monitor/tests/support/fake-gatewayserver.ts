import { randomUUID } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import {
  AdmissionService,
  type Backend,
  type BackendSchedule,
  BackendSchema,
  BackendService,
  type BackendStatus,
  type Query,
  QuerySchema,
  QueryService,
  type RecordIncarnationRequest,
  SuiteService,
} from '@trino-gateway/api/gateway';
import { listenHttp } from '@trino-gateway/runtime';

/** What the monitor needs of a gatewayserver, and what it said to it. */
export type FakeGatewayserver = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** Every status reported, oldest first. */
  readonly statuses: BackendStatus[];
  /** Every schedule reported, oldest first. */
  readonly schedules: BackendSchedule[];
  /** Every report about a query, oldest first. */
  readonly queryReports: Query[];
  readonly incarnations: RecordIncarnationRequest[];
  /** The monitor has the newest list: it waits for the next. */
  readonly newestListIsKnown: () => boolean;
  /** Replaces the list of backends; absent `enabled` is true, as in the contract. */
  setBackends(backends: readonly MessageInitShape<typeof BackendSchema>[]): void;
  /** What is stored; reports complete it. */
  setHistory(queries: readonly MessageInitShape<typeof QuerySchema>[]): void;
  /** The queries that hold a lease of each backend, by its id; settled ones go. Undefined: the service fails. */
  setLeases(leases: Readonly<Record<string, readonly string[]>> | undefined): void;
  /** These held a lease and have ended: they are listed only to who asks for them by their ids. */
  setEnded(ids: readonly string[]): void;
  /** Every query whose lease was settled, oldest first. */
  readonly settled: string[];
  /** Those of them of which the cluster knows nothing. */
  readonly unknown: string[];
  /** The newest status of a backend. */
  last(backendId: string): BackendStatus | undefined;
  /** Every call needs this bearer token from now on; undefined needs none. */
  requireToken(token: string | undefined): void;
};

/** Starts one on a free port, or on the given one. */
export async function startFakeGatewayserver(port = 0): Promise<FakeGatewayserver> {
  const statuses: BackendStatus[] = [];
  const schedules: BackendSchedule[] = [];
  const queryReports: Query[] = [];
  const incarnations: RecordIncarnationRequest[] = [];
  const settled: string[] = [];
  const unknown: string[] = [];
  let leases: Record<string, readonly string[]> | undefined = {};
  let ended: readonly string[] = [];
  let history: Query[] = [];
  let backends: Backend[] = [];
  const start = randomUUID(); // a list of another process is another list
  let changes = 0;
  const revision = () => `${start}.${changes}`;
  let watched = '';
  let wanted: string | undefined;
  const waiters = new Set<() => void>();
  const stop = new AbortController();
  const authorize = (headers: Headers) => {
    const given = headers.get('authorization');
    if (wanted !== undefined && given !== `Bearer ${wanted}`)
      throw new ConnectError('a token is needed', given === null ? Code.Unauthenticated : Code.PermissionDenied);
  };
  const routes = (router: ConnectRouter) => {
    router.service(SuiteService, {
      watchBackends: async (request, { requestHeader, signal }) => {
        authorize(requestHeader);
        watched = request.revision;
        const over = AbortSignal.any([signal, stop.signal, AbortSignal.timeout(request.waitMs)]);
        while (revision() === request.revision && !over.aborted) {
          await new Promise<void>((resolve) => {
            waiters.add(resolve);
            over.addEventListener('abort', () => resolve(), { once: true });
          });
        }
        if (signal.aborted) throw new ConnectError('nobody waits any more', Code.Canceled);
        const now = revision();
        return now === request.revision ? { revision: now } : { revision: now, backends };
      },
      recordIncarnation: (request, { requestHeader }) => {
        authorize(requestHeader);
        incarnations.push(request);
        return {};
      },
    });
    router.service(BackendService, {
      reportBackendStatus: ({ status }, { requestHeader }) => {
        authorize(requestHeader);
        if (!backends.some(({ id }) => id === status?.backendId)) throw new ConnectError('no such', Code.NotFound);
        if (status) statuses.push(status);
        return {};
      },
      reportBackendSchedule: ({ schedule }, { requestHeader }) => {
        authorize(requestHeader);
        if (schedule) schedules.push(schedule);
        return {};
      },
    });
    router.service(AdmissionService, {
      listLeases: ({ backendId, trinoQueryIds }, { requestHeader }) => {
        authorize(requestHeader);
        if (!leases) throw new ConnectError('the database is away', Code.Unavailable);
        if (trinoQueryIds.length > 1_000) throw new ConnectError('too many ids', Code.InvalidArgument);
        const held = leases[backendId] ?? [];
        const known = trinoQueryIds.filter((id) => held.includes(id) || ended.includes(id));
        const listed = trinoQueryIds.length > 0 ? known : held;
        return { leases: listed.map((trinoQueryId) => ({ trinoQueryId })) };
      },
      settleLeases: ({ trinoQueryIds, byLook, unknown: isUnknown }, { requestHeader }) => {
        authorize(requestHeader);
        if (!byLook) throw new ConnectError('only a router sees a last page', Code.InvalidArgument);
        settled.push(...trinoQueryIds);
        if (isUnknown) unknown.push(...trinoQueryIds);
        for (const [backend, ids] of Object.entries(leases ?? {}))
          if (leases) leases[backend] = ids.filter((id) => !trinoQueryIds.includes(id));
        return { settled: trinoQueryIds.length };
      },
    });
    router.service(QueryService, {
      listQueries: ({ backendId, state, submittedBefore, submittedAfter, pageSize, pageToken }, { requestHeader }) => {
        authorize(requestHeader);
        const ms = (time: Query['submittedAt'], absent: number) => (time ? timestampMs(time) : absent);
        const matching = history.filter(
          (query) =>
            query.backendId === backendId &&
            query.state === state &&
            ms(query.submittedAt, 0) < ms(submittedBefore, Number.POSITIVE_INFINITY) &&
            ms(query.submittedAt, 0) >= ms(submittedAfter, 0),
        );
        const from = Number(pageToken);
        return {
          queries: matching.slice(from, from + pageSize),
          nextPageToken: from + pageSize < matching.length ? String(from + pageSize) : '',
        };
      },
      recordQueries: ({ queries }, { requestHeader }) => {
        authorize(requestHeader);
        queryReports.push(...queries);
        for (const { id, state } of queries) for (const stored of history) if (stored.id === id) stored.state = state;
        return {};
      },
    });
  };
  const handler = connectNodeAdapter({ routes, shutdownSignal: stop.signal });
  const listener = await listenHttp(
    { host: '127.0.0.1', port },
    (request, response) => void handler(request, response),
    {
      graceMs: 100,
    },
  );
  return {
    url: listener.url,
    port: listener.port,
    statuses,
    schedules,
    queryReports,
    settled,
    unknown,
    incarnations,
    newestListIsKnown: () => watched === revision(),
    setBackends: (list) => {
      backends = list.map((backend) => create(BackendSchema, backend));
      changes += 1;
      for (const wake of waiters) wake();
      waiters.clear();
    },
    setHistory: (queries) => {
      history = queries.map((query) => create(QuerySchema, query));
    },
    setEnded: (ids) => {
      ended = ids;
    },
    setLeases: (given) => {
      leases = given && { ...given };
    },
    last: (backendId) => statuses.findLast((status) => status.backendId === backendId),
    requireToken: (token) => {
      wanted = token;
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await listener[Symbol.asyncDispose]();
    },
  };
}
