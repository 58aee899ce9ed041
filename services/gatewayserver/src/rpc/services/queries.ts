import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { clusterAccess, hasLogin } from '@trino-gateway/api/cluster-access';
import {
  type Backend,
  BackendSchema,
  type CancelQueryRequest,
  type ListQueriesRequest,
  type Query,
  Query_StateSchema,
  type QueryService,
  type RecordQueriesRequest,
} from '@trino-gateway/api/gateway';
import { LONGEST_QUERY_TEXT, MOST_PER_PAGE } from '@trino-gateway/api/limits';
import { unreadableSecret } from '@trino-gateway/api/sealed-secret';
import { describeError } from '@trino-gateway/runtime';
import { querySuffix } from '@trino-gateway/trino/query-id';
import { settle } from '../../admission/rules/lease-phases.ts';
import { end } from '../../admission/rules/queue.ts';
import type { Waiter } from '../../admission/state/waiter.ts';
import { type Canceller, cancelOnCluster, hasEndedSoon } from '../../clusters/cancel-query.ts';
import { incarnationsOf } from '../../configuration/coordinator-suffixes.ts';
import { checkedId, checkedNumber, checkedText, found, invalid, notFound } from '../../configuration/validation.ts';
import { BadPageTokenError } from '../../storage/contract/errors.ts';
import type { RpcContext, Tables } from './context.ts';

const MOST_REPORTED = 1_000;

/** How far back a text is searched by default: every row of that time is read. */
const TEXT_RANGE_MS = 86_400_000;

type Context = Pick<
  RpcContext,
  'clusterPools' | 'probeTokens' | 'configuration' | 'ledger' | 'logger' | 'stopping' | 'unmatchedReports' | 'now'
> &
  Tables<'queries'>;

/** History. */
export function queryService(context: Context): ServiceImpl<typeof QueryService> {
  return {
    getQuery: async ({ id }) => found('query', checkedId(id), await context.store.queries.get(id)),
    listQueries: (request) => listQueries(context, request),
    findBackendForQuery: async ({ id }) => {
      // A query that has waited here may have an id of our own: the queue knows its coordinator before history does.
      const waiter = context.ledger.state().waiter(checkedId(id));
      const { backendId, url } = await coordinatorOf(context, waiter?.queryId || id);
      return { backendId, url };
    },
    cancelQuery: (request) => cancelQuery(context, request),
    recordQueries: (request) => recordQueries(context, request),
  };
}

async function listQueries({ store, now }: Context, request: ListQueriesRequest) {
  checkedNumber('page_size', request.pageSize, 0, MOST_PER_PAGE);
  checkedText('text', request.text, 1_000);
  for (const field of ['user', 'source', 'backendId', 'groupId'] as const)
    checkedText(field.replace('Id', '_id'), request[field], 1_000);
  if (!Query_StateSchema.value[request.state]) throw invalid('state', `expected a known value, got ${request.state}`);
  if (request.order < 0 || request.order > 2) throw invalid('order', `expected a known value, got ${request.order}`);
  try {
    return await store.queries.list(withinTimeRange(request, now()));
  } catch (error) {
    if (error instanceof BadPageTokenError) throw invalid('page_token', 'expected next_page_token of the call before');
    throw error;
  }
}

/** A text is searched within a time range only: no index helps to find it. */
function withinTimeRange(request: ListQueriesRequest, now: number): ListQueriesRequest {
  if (request.text === '' || request.submittedAfter !== undefined) return request;
  const end = request.submittedBefore === undefined ? now : timestampMs(request.submittedBefore);
  return { ...request, submittedAfter: timestampFromMs(end - TEXT_RANGE_MS) };
}

async function cancelQuery(context: Context, { id }: CancelQueryRequest) {
  const { store, configuration, ledger } = context;
  checkedId(id);
  const waiter = ledger.state().waiter(id) && (await cancelQueued(context, id));
  if (waiter?.phase === 'ENDED') return {};
  const query = await store.queries.get(id);
  const trinoQueryId = waiter?.queryId || (query ? query.trinoQueryId : id);
  if (trinoQueryId === '') return {}; // it was refused: no cluster knows of it
  const { backendId, url } = await coordinatorOf(context, trinoQueryId, query);
  const configured = configuration.known.backends.get(backendId)?.backend;
  const backend = configured && (await withLogin(context, configured));
  const access = clusterAccess(backend ?? create(BackendSchema), url);
  // Without a login of its own, as whoever may always cancel it.
  const user = (!(backend && hasLogin(backend)) && query?.user) || access.user;
  const canceller = { ...access, user, dispatcher: await dispatcherOf(context, backendId, url) };
  await cancelOnCluster(trinoQueryId, canceller);
  void settleWhenEnded(context, trinoQueryId, canceller);
  return {};
}

/** The backend with the login that its cluster is asked with. @throws ConnectError why it cannot be had */
async function withLogin({ probeTokens }: Context, backend: Backend): Promise<Backend> {
  try {
    const unreadable = unreadableSecret(backend);
    if (unreadable) throw new Error(unreadable);
    return await probeTokens.withToken(backend);
  } catch (error) {
    throw new ConnectError(`backend "${backend.id}": ${describeError(error)}`, Code.FailedPrecondition);
  }
}

/** The connections to a coordinator, by the TLS settings that its backend has there, or had. */
async function dispatcherOf({ configuration, clusterPools }: Context, backendId: string, url: string) {
  const { backends, incarnations } = configuration.known;
  const current = backends.get(backendId)?.backend;
  const { tls } = (current?.url === url ? current : incarnations.find((one) => one.url === url)) ?? {};
  try {
    return tls && (await clusterPools.checked(tls));
  } catch (error) {
    throw new ConnectError(`backend "${backendId}": ${describeError(error)}`, Code.FailedPrecondition);
  }
}

/** Frees the slot of a cancelled query whose client may be gone. Never throws: what it does not find out the monitor's sweeps do. */
async function settleWhenEnded({ ledger, stopping, logger }: Context, id: string, canceller: Canceller) {
  try {
    if (await hasEndedSoon(id, canceller, stopping)) await ledger.run((admission) => settle(admission, [id]));
  } catch (error) {
    logger.debug('the slot of a cancelled query is not freed yet', { query: id, error: describeError(error) });
  }
}

/** Ends a query that waits; one that is assigned to a cluster is left as it is. */
function cancelQueued({ ledger }: Context, id: string): Promise<Waiter | undefined> {
  return ledger.run((admission) => {
    end(admission, id, 'USER_CANCELED');
    return admission.state.waiter(id);
  });
}

async function recordQueries(context: Context, { queries }: RecordQueriesRequest) {
  if (queries.length > MOST_REPORTED)
    throw invalid('queries', `expected at most ${MOST_REPORTED}, got ${queries.length}`);
  queries.forEach(({ id, trinoQueryId }, index) => {
    if (id !== '' || trinoQueryId === '') checkedId(id, `queries[${index}].id`);
    else checkedId(trinoQueryId, `queries[${index}].trino_query_id`);
  });
  const reports = queries.map((query) =>
    query.text.length > LONGEST_QUERY_TEXT ? { ...query, text: query.text.slice(0, LONGEST_QUERY_TEXT) } : query,
  );
  const named = reports.filter(({ id }) => id !== '');
  if (named.length > 0) await context.store.queries.record(named);
  const unnamed = reports.filter(({ id }) => id === '');
  if (unnamed.length > 0) await recordUnnamed(context, unnamed);
  return {};
}

/** Reports of routers that have not submitted the query, and so do not know its id here. */
async function recordUnnamed({ store, ledger, unmatchedReports }: Context, reports: Query[]): Promise<void> {
  const unmatched = await store.queries.complete(reports);
  if (unmatched.length === 0) return;
  // The router that submitted it has not reported yet. If the query was queued, its id is known here.
  const rows = await ledger.run(({ state }) =>
    unmatched.map((report) => ({ ...report, id: state.waiterOfQuery(report.trinoQueryId)?.id ?? '' })),
  );
  await store.queries.record(rows.filter(({ id }) => id !== ''));
  unmatchedReports.keep(rows.filter(({ id }) => id === ''));
}

/** The coordinator of a query: by the suffix of its id, else by history. */
async function coordinatorOf(
  { store, configuration }: Context,
  id: string,
  known?: Query,
): Promise<{ backendId: string; url: string }> {
  const incarnations = (queryId: string) =>
    incarnationsOf(configuration.known.incarnations, configuration.suffixHolders(), querySuffix(queryId));
  const [only, ...others] = incarnations(id);
  if (only && others.length === 0) return only;
  const query = known ?? (await store.queries.get(id));
  if (!query) {
    if (only) throw new ConnectError(`several clusters could own the query "${id}"`, Code.NotFound);
    throw notFound('query', id);
  }
  const incarnation = incarnations(query.trinoQueryId).find(({ backendId }) => backendId === query.backendId);
  if (incarnation) return incarnation;
  const backend = configuration.known.backends.get(query.backendId)?.backend;
  if (!backend)
    throw new ConnectError(
      query.backendId
        ? `the backend "${query.backendId}" that query "${id}" was sent to does not exist any more`
        : `query "${id}" was sent to no backend`,
      Code.NotFound,
    );
  return { backendId: backend.id, url: backend.url };
}
