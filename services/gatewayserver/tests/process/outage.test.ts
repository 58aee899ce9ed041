import { create } from '@bufbuild/protobuf';
import { type Client, createClient, createRouterTransport } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  AdmissionService,
  BackendSchema,
  BackendService,
  BackendStatus_State,
  GroupService,
  PolicyService,
  RoutingService,
} from '@trino-gateway/api/gateway';
import { createProbeTokens, silentLogger } from '@trino-gateway/runtime';
import { Registry } from 'prom-client';
import { configuredLimits } from '../../src/admission/configured-limits.ts';
import { type Ledger, openLedger } from '../../src/admission/ledger/ledger.ts';
import { createAdmissionMetrics } from '../../src/admission/metrics.ts';
import { type ConfigurationCache, openConfigurationCache } from '../../src/configuration/configuration-cache.ts';
import { createDecisions } from '../../src/decisions/decisions.ts';
import { createLoadCounts } from '../../src/decisions/load-counts.ts';
import { createDraftChains } from '../../src/replay/draft-chains.ts';
import { noTools } from '../../src/routing/chain/routing-chain.ts';
import { stepKinds } from '../../src/routing/steps/registry.ts';
import { registerServices } from '../../src/rpc/register-services.ts';
import { createGuard, guardInterceptor } from '../../src/rpc/transport/interceptors.ts';
import { DatabaseUnavailableError, openStore, type Store } from '../../src/storage/index.ts';
import { UNBOUNDED_QUEUES } from '../admission/support/limits-of.ts';
import { until } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000);

// A real store whose database can be made unavailable, behind the real services.

let database: Store;
let store: Store;
let configuration: ConfigurationCache;
let backends: Client<typeof BackendService>;
let groups: Client<typeof GroupService>;
let routing: Client<typeof RoutingService>;
let policies: Client<typeof PolicyService>;
let admission: Client<typeof AdmissionService>;
let ledger: Ledger;
let failure: Error | undefined;
const errors: string[] = [];
/** The queue has noticed that the database is away. */
let isQueueAway = false;

/** The same store, each call of which fails while the database is away. */
function breakable<Part extends object>(part: Part): Part {
  return new Proxy(part, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof found === 'object' && found !== null) return breakable(found);
      if (typeof found !== 'function') return found;
      return async (...given: unknown[]) => {
        if (failure) throw failure;
        return found.apply(target, given);
      };
    },
  });
}

beforeAll(async () => {
  database = await openStore({ url: 'sqlite::memory:', logger: silentLogger });
  store = breakable(database);
  const stepTools = noTools;
  configuration = await openConfigurationCache({
    ...{ store, logger: silentLogger, stepTools },
    ...{ loadMaxAgeMs: 60_000, intervalMs: 20 },
  });
  const live = createLoadCounts(Date.now);
  const cursors = new Map<string, number>();
  const limits = configuredLimits({
    configuration,
    live,
    queues: UNBOUNDED_QUEUES,
    outageWaitMs: () => 0,
    cursors,
    now: Date.now,
    chance: () => 0,
  });
  const noticing = {
    ...silentLogger,
    warn: () => {
      isQueueAway = true;
    },
    info: () => {
      isQueueAway = false;
    },
  };
  ledger = openLedger({ store: store.admission, limits, configuration, logger: noticing });
  await ledger.run(() => undefined);
  const decisions = createDecisions({
    configuration,
    live,
    isLimited: () => true,
    limits,
    ledger,
    cursors,
    keys: { default_group: 'g', metadata_never_waits: false },
    now: Date.now,
    chance: () => 0,
    onHits() {},
    groupMetrics: { countObserved() {}, countPassedOver() {}, countSpillOver() {} },
    onDecision() {},
  });
  const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
  const context = {
    store,
    configuration,
    live,
    decisions,
    drafts: createDraftChains(stepKinds, noTools),
    ledger,
    limits,
    admissionMetrics: createAdmissionMetrics(new Registry()),
    unmatchedReports: { keep: () => {} },
    drains: { status: async () => undefined, wait: async () => undefined },
    probeTokens: createProbeTokens({ path: undefined, key: 'gatewayserver.token_folder' }),
    clusterPools: { checked: () => Promise.reject(new Error('no cluster is asked here')) },
    onScalingEvents: () => {},
    onSuffixRefused: () => {},
    signingKey: new Uint8Array(32),
    stopping: new AbortController().signal,
    logger,
    now: Date.now,
  };
  const guard = createGuard(logger, () => {});
  const transport = createRouterTransport((router) => registerServices(router, context, guard), {
    router: { interceptors: [guardInterceptor(guard)] },
  });
  backends = createClient(BackendService, transport);
  groups = createClient(GroupService, transport);
  routing = createClient(RoutingService, transport);
  policies = createClient(PolicyService, transport);
  admission = createClient(AdmissionService, transport);
  await backends.putBackend({ backend: { id: 'b', url: 'http://b' } });
  await backends.markHealthy({ id: 'b' });
  await groups.putGroup({ group: { id: 'g', backendIds: ['b'] } });
});
afterAll(async () => {
  failure = undefined;
  await ledger[Symbol.asyncDispose]();
  await configuration[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

test('while the database is away decisions and reads go on, and writes are UNAVAILABLE', async () => {
  failure = new DatabaseUnavailableError('connection refused by db.internal');
  expect(await routing.route({ submissionId: 's', routerId: 'r' })).toMatchObject({ decision: { backendId: 'b' } });
  expect(await backends.getBackend({ id: 'b' })).toMatchObject({ id: 'b' });
  const write = backends.putBackend({ backend: { id: 'c', url: 'http://c' } });
  await expect(write).rejects.toThrow('[unavailable] the database does not answer: try again later');
  expect(configuration.known.backends.has('c')).toBe(false);
  failure = undefined;
  await backends.putBackend({ backend: { id: 'c', url: 'http://c' } });
  expect(configuration.known.backends.has('c')).toBe(true);
});

test('the routing chain that was last read stays in force while the database is away, and is answered', async () => {
  const headers = [{ name: 'X-Trino-Client-Tags', value: 'etl' }];
  const tags = { case: 'clientTags' as const, value: { anyOf: ['etl'], groupId: 'g' } };
  const { version } = await routing.putRoutingChain({ chain: { steps: [{ id: 'tags', kind: tags }] } });
  failure = new DatabaseUnavailableError('gone');
  expect(await routing.getRoutingChain({})).toMatchObject({ version, steps: [{ id: 'tags' }] });
  await expect(routing.putRoutingChain({ chain: {} })).rejects.toThrow('[unavailable]');
  await expect(routing.rollBackRoutingChain({ version: 0 })).rejects.toThrow('[unavailable]');
  const decided = await routing.route({ submissionId: 'tagged', routerId: 'r', headers });
  expect(decided).toMatchObject({ decision: { decidedBy: 'step tags' } });
  failure = undefined;
  await routing.rollBackRoutingChain({ version: 0 });
});

test('a report of the monitor is in force here even when it could not be stored', async () => {
  failure = new DatabaseUnavailableError('gone');
  const report = backends.reportBackendStatus({
    status: { backendId: 'c', state: BackendStatus_State.UP, healthy: true },
  });
  await expect(report).rejects.toThrow('[unavailable]');
  expect(await backends.getBackend({ id: 'c' })).toMatchObject({ condition: { available: true } });
  failure = undefined;
});

test('writes of another replica during the outage are read when the database is back', async () => {
  failure = new DatabaseUnavailableError('gone');
  // A read that began before the outage must have ended.
  await configuration.refresh().catch(() => configuration.refresh().catch(() => {}));
  await database.configuration.change((change) => change.backends.delete('c'));
  expect(configuration.known.backends.has('c')).toBe(true);
  failure = undefined;
  await until(
    async () => configuration.known.backends.has('c'),
    (known) => !known,
  );
});

test('an unexpected failure answers its caller nothing but an id, and is logged once', async () => {
  failure = new Error('secret detail: SELECT password FROM x');
  const write = backends.enableBackend({ id: 'b' });
  await expect(write).rejects.toThrow(/^\[internal\] internal error \(request [0-9a-f-]{36}\)$/);
  failure = undefined;
  expect(errors).toEqual(['unhandled error in a call']);
});

test('a write during a slow read is not undone by the result of that read', async () => {
  const reading = configuration.refresh();
  await backends.putBackend({ backend: { id: 'late', url: 'http://late' } });
  expect(configuration.known.backends.has('late')).toBe(true);
  await reading;
  expect(configuration.known.backends.has('late')).toBe(true);
});

test('while the database is away nothing is leased, waiters get the last known page, and unlimited queries go on', async () => {
  const secretHash = new Uint8Array(32);
  await backends.putBackend({ backend: { id: 'limited', url: 'http://limited', maxRunningQueries: 1 } });
  await backends.markHealthy({ id: 'limited' });
  await groups.putGroup({ group: { id: 'few', backendIds: ['limited'] } });
  await policies.putPolicy({ policy: { id: 'p', groupId: 'few', rule: { case: 'host', value: 'few' } } });
  const few = (submissionId: string) => ({ submissionId, routerId: 'r', host: 'few', statement: 'SELECT 1' });
  expect(await routing.route(few('first'))).toMatchObject({ leased: true });
  const waiting = { queryId: 't', submissionId: 'second', groupId: 'few', secretHash, sealed: new Uint8Array(1) };
  expect(await admission.enqueue(waiting)).toMatchObject({ position: 1 });

  failure = new DatabaseUnavailableError('gone');
  await expect(routing.route(few('third'))).rejects.toThrow('[unavailable]');
  expect(await routing.route({ submissionId: 'fourth', routerId: 'r' })).toMatchObject({
    decision: { backendId: 'b' },
  });
  const page = await admission.awaitTurn({ queryId: 't', secretHash, waitMs: 50 });
  expect(page.state).toMatchObject({ case: 'waiting', value: { position: 1, groupId: 'few' } });
  await expect(admission.handOut({ submissionId: 'first', trinoQueryId: 'q' })).rejects.toThrow('[unavailable]');
  await expect(admission.activate({ trinoQueryId: 'q', backendId: 'limited' })).rejects.toThrow('[unavailable]');

  failure = undefined;
  expect(await admission.handOut({ submissionId: 'first', trinoQueryId: 'q' })).toMatchObject({ held: true });
  await admission.activate({ trinoQueryId: 'q', backendId: 'limited' });
  const poll = admission.awaitTurn({ queryId: 't', secretHash, waitMs: 10_000 });
  await admission.settleLeases({ trinoQueryIds: ['q'] });
  expect((await poll).state).toMatchObject({ case: 'turn' });
});

test('a waiter whose poll began while the database was away counts as present as soon as it is back', async () => {
  const secretHash = new Uint8Array(32);
  await routing.route({ submissionId: 'full', routerId: 'r', host: 'few', statement: 'SELECT 1' });
  await admission.enqueue({ queryId: 'u', submissionId: 'u', groupId: 'few', secretHash, sealed: new Uint8Array(1) });
  const heldUntil = () => ledger.state().waiter('u')?.heldUntil ?? 0;
  const noticed = (away: boolean) =>
    until(
      async () => isQueueAway,
      (is) => is === away,
    );
  await noticed(false);
  failure = new DatabaseUnavailableError('gone');
  const stop = new AbortController();
  const poll = admission.awaitTurn({ queryId: 'u', secretHash, waitMs: 30_000 }, { signal: stop.signal });
  poll.catch(() => undefined);
  // Upkeep has noticed, and the poll has not arrived.
  await noticed(true);
  expect(heldUntil()).toBe(0);
  failure = undefined;
  await until(
    async () => heldUntil(),
    (time) => time > Date.now(),
  );
  stop.abort();
});

test('a limit that another replica has just lowered holds for the next slot', async () => {
  await backends.putBackend({ backend: { id: 'limited', url: 'http://limited', maxRunningQueries: 5 } });
  const lowered = create(BackendSchema, { id: 'limited', url: 'http://limited', maxRunningQueries: 1 });
  await database.configuration.change((change) => change.backends.put(lowered));
  const answer = await routing.route({ submissionId: 'sixth', routerId: 'r', host: 'few', statement: 'SELECT 1' });
  expect(answer).toMatchObject({ mustWait: true });
});
