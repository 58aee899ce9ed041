import type { Evidence, HeldLease, RoutedQuery } from '../../src/drain/evidence.ts';
import { assessDrain } from '../../src/drain/remaining.ts';
import type { Kind } from '../../src/drain/tie.ts';

export const MINUTE = 60_000;
/** Trino's query.client.timeout. */
export const TIMEOUT = 5 * MINUTE;

type RouterState = {
  reports: boolean;
  left: boolean;
  /** Of an earlier version: it tells no more than how many queries it has live. */
  old: boolean;
  revision: number;
  reportedAt: number;
  underWay: number;
  queries: Map<string, RoutedQuery>;
  ended: Set<string>;
  transactions: Set<string>;
  /** What it last told. */
  told: { underWay: number; queries: RoutedQuery[]; ended: string[]; transactions: string[] };
};

/** A cluster, its routers, its monitor and a gatewayserver that is asked whether it is drained, with a clock that a test moves. */
export function drainWorld() {
  let now = 1_000_000;
  let revision = 7;
  let quietSince: number | undefined;
  let begunAt = now;
  let servedSince = 0;
  const routers = new Map<string, RouterState>();
  const cluster = {
    suffix: 'abcde',
    asked: true,
    problem: '',
    transactionProblem: '',
    running: new Set<string>(),
    transactions: new Set<string>(),
    last: undefined as Evidence['cluster'],
  };
  const leases = new Map<string, HeldLease>();
  const offered = new Set<string>();
  const stored = new Map<string, { id: string; coordinatorId: string; startedAt: number }>();
  const endedInHistory = new Set<string>();

  const report = (router: RouterState) => {
    router.reportedAt = now;
    if (!router.left) router.revision = revision;
    const { queries, ended, transactions, underWay } = router;
    router.told = { underWay, queries: [...queries.values()], ended: [...ended], transactions: [...transactions] };
  };
  const ask = () => {
    const listed = (things: Set<string>, problem: string) =>
      problem === ''
        ? ({ known: true, ids: [...things], count: things.size } as const)
        : ({ known: false, problem } as const);
    const { suffix, running, transactions, problem, transactionProblem } = cluster;
    cluster.last = {
      ...{ suffix, askedAt: now },
      queries: listed(running, problem),
      transactions: listed(transactions, transactionProblem || problem),
    };
  };
  /** Lets time pass: each second routers report, and the monitor asks. */
  const pass = (ms: number) => {
    for (const until = now + ms; now < until; ) {
      now += 1_000;
      for (const router of routers.values()) if (router.reports && !router.left) report(router);
      if (cluster.asked) ask();
      assess();
    }
  };
  const evidence = (): Evidence => ({
    now,
    incarnation: { backendId: 'b', suffix: 'abcde', url: 'http://b' },
    ...{ begunAt, revision, servedSince },
    routers: [...routers].map(([routerId, router]) => ({
      ...{ routerId, reportedAt: router.reportedAt, left: router.left },
      revision: router.old ? undefined : router.revision,
      live: router.told.queries.length,
      told: router.old
        ? undefined
        : {
            ...{ underWay: router.told.underWay, live: router.told.queries.length, queries: router.told.queries },
            ...{ endedQueryIds: router.told.ended, transactionIds: router.told.transactions },
          },
    })),
    leases: [...leases.values()],
    offered: [...offered],
    transactions: [...stored.values()],
    endedInHistory,
    cluster: cluster.last,
    clientTimeoutMs: TIMEOUT,
  });
  const assess = () => {
    const assessment = assessDrain(evidence(), quietSince);
    quietSince = assessment.quietSince;
    return assessment.remaining;
  };
  const router = (id: string): RouterState => {
    const told = { underWay: 0, queries: [], ended: [], transactions: [] };
    const fresh: RouterState = {
      ...{ reports: true, left: false, old: false, revision: 0, reportedAt: now, underWay: 0, told },
      ...{ queries: new Map(), ended: new Set(), transactions: new Set() },
    };
    const found = routers.get(id) ?? fresh;
    routers.set(id, found);
    return found;
  };
  return {
    router,
    cluster,
    leases,
    offered,
    stored,
    endedInHistory,
    pass,
    report: (id: string) => report(router(id)),
    ask,
    now: () => now,
    /** Nobody but the routers knows it. */
    handedOver: (id: string, at: string, more: Partial<RoutedQuery> = {}) =>
      void router(at).queries.set(id, { id, seenAt: now, polled: false, direct: false, ...more }),
    /** The first poll starts it at the cluster. */
    polled(id: string, at: string) {
      router(at).queries.set(id, { id, seenAt: now, polled: true, direct: false });
      cluster.running.add(id);
    },
    /** Its last page passed. */
    fetched(id: string, at: string) {
      router(at).queries.delete(id);
      router(at).ended.add(id);
    },
    /** The drain begins, or is begun anew: routers take note with their next report. */
    begin() {
      revision += 1;
      begunAt = now;
      quietSince = undefined;
    },
    /** The gatewayserver starts anew: what it noted is lost, what was stored is not. */
    restart() {
      servedSince = now;
      quietSince = undefined;
    },
    kinds: (): Kind[] => assess().map(({ kind }) => kind),
    remaining: assess,
    isDrained: () => assess().length === 0,
  };
}

export type DrainWorld = ReturnType<typeof drainWorld>;
