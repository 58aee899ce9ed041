import type { Store } from './contract/store.ts';

/** Called after each operation with its name, duration and whether it failed. */
export type StoreObserver = (operation: string, durationMs: number, failed: boolean) => void;

/**
 * The same store, with each call observed. Operations have the names that metrics show; a table or a method without one does
 * not compile.
 */
export function measuredStore(store: Store, observe: StoreObserver): Store {
  const measured = <Table extends object>(table: Table, operations: Record<keyof Table, string>) =>
    measuredTable(table, operations, observe);
  return {
    ...measured({ ping: store.ping }, { ping: 'ping' }),
    revisions: measured(store.revisions, { read: 'revisions' }),
    configuration: measured(store.configuration, {
      read: 'configuration',
      change: 'changeConfiguration',
      chainVersion: 'routingChainVersion',
      chainVersions: 'routingChainVersions',
      protectSecrets: 'protectSecrets',
    }),
    conditions: measured(store.conditions, {
      read: 'conditions',
      putStatus: 'putStatus',
      putSchedule: 'putSchedule',
      putOverride: 'putOverride',
      putConnections: 'putConnections',
    }),
    incarnations: measured(store.incarnations, {
      read: 'incarnations',
      record: 'recordIncarnation',
      touch: 'touchIncarnations',
      prune: 'pruneIncarnations',
    }),
    transactions: measured(store.transactions, {
      record: 'recordTransaction',
      find: 'findTransaction',
      at: 'transactionsAt',
      end: 'endTransaction',
      prune: 'pruneTransactions',
    }),
    queries: measured(store.queries, {
      record: 'recordQueries',
      complete: 'completeQueries',
      get: 'getQuery',
      list: 'listQueries',
      positionBehind: 'queryBehind',
      purge: 'purgeQueries',
    }),
    admission: measured(store.admission, {
      changes: 'admissionChanges',
      change: 'changeAdmission',
      prune: 'pruneAdmission',
    }),
    sealedTexts: measured(store.sealedTexts, { put: 'putSealed', get: 'getSealed' }),
    suiteSecrets: measured(store.suiteSecrets, { signingKey: 'refusalKey' }),
    duties: measured(store.duties, { hold: 'holdDuty', end: 'endDuty' }),
    drains: measured(store.drains, {
      read: 'drains',
      begin: 'beginDrain',
      end: 'endDrain',
      endUnasked: 'endUnaskedDrains',
      report: 'storeRouterReport',
      reports: 'routerReports',
      prune: 'pruneRouterReports',
    }),
    routingHits: measured(store.routingHits, {
      add: 'addRoutingHits',
      list: 'listRoutingHits',
      prune: 'pruneRoutingHits',
    }),
    scaling: measured(store.scaling, {
      lead: 'leadScaling',
      resign: 'resignScaling',
      leader: 'scalingLeader',
      record: 'recordScaling',
      pause: 'pauseScaling',
      forceStop: 'forceStop',
      events: 'listScalingEvents',
      prune: 'pruneScalingEvents',
    }),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function measuredTable<Table extends object>(
  table: Table,
  operations: Record<keyof Table, string>,
  observe: StoreObserver,
): Table {
  const methods = Object.entries<string>(operations).map(([method, operation]) => {
    const call = table[method as keyof Table] as (...given: unknown[]) => Promise<unknown>;
    return [
      method,
      async (...given: unknown[]) => {
        const began = performance.now();
        let failed = true;
        try {
          const answer = await Reflect.apply(call, table, given);
          failed = false;
          return answer;
        } finally {
          observe(operation, performance.now() - began, failed);
        }
      },
    ];
  });
  return Object.fromEntries(methods) as Table;
}
