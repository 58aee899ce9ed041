import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type BackendEvidence_Found, type BackendStatus, Query_State } from '@trino-gateway/api/gateway';
import type { Ledger } from '../../admission/ledger/ledger.ts';
import type { StoredDrain } from '../../storage/contract/drains.ts';
import type { Store } from '../../storage/contract/store.ts';
import type { ClusterAnswer, Evidence, HeldLease, Listed, RouterReport } from '../evidence.ts';
import { reportOf } from './stored-report.ts';

export type GatherOptions = {
  store: Pick<Store, 'drains' | 'transactions' | 'queries'>;
  ledger: Pick<Ledger, 'refresh' | 'state'>;
  /** Epoch milliseconds, of this process. */
  now: () => number;
  clientTimeoutMs: () => number;
};

/** What is asked about. */
export type Asked = {
  drain: StoredDrain;
  /** What a router must know of drains and seals. */
  revision: number;
  servedSince: number;
  status: BackendStatus | undefined;
};

/** Of queries that routers handed over to clients that talk to the cluster themselves, so many are looked up in the history. */
const MOST_LOOKED_UP = 50;

/** Everything that is known of an incarnation, by the database's clock. @throws DatabaseUnavailableError */
export async function gatherEvidence(options: GatherOptions, asked: Asked): Promise<Evidence> {
  const { store, ledger, now, clientTimeoutMs } = options;
  const { drain, revision, servedSince, status } = asked;
  const incarnation = { backendId: drain.backendId, suffix: drain.suffix, url: drain.url };
  await ledger.refresh();
  const transactions = await store.transactions.at(drain.url);
  const { now: at, reports } = await store.drains.reports();
  const ahead = now() - at;
  const routers = reports.map((report) => reportOf(report, incarnation));
  return {
    now: at,
    incarnation,
    begunAt: drain.begunAt,
    revision,
    servedSince: servedSince - ahead,
    routers,
    leases: heldLeases(ledger, drain.backendId),
    offered: [...ledger.state().waiting()]
      .filter(({ claim }) => claim?.backendId === drain.backendId)
      .map(({ submissionId }) => submissionId),
    transactions,
    endedInHistory: await endedInHistory(store, routers),
    cluster: clusterAnswer(status, ahead),
    clientTimeoutMs: clientTimeoutMs(),
  };
}

function heldLeases(ledger: Pick<Ledger, 'state'>, backendId: string): HeldLease[] {
  const held: HeldLease[] = [];
  for (const lease of ledger.state().countedLeases()) {
    const { id, queryId, phase, takenAt, polledAt = takenAt } = lease;
    if (lease.backendId !== backendId || phase === 'LAPSED' || phase === 'SETTLED') continue;
    held.push({ id, queryId, phase, usedAt: polledAt });
  }
  return held;
}

async function endedInHistory(
  { queries }: Pick<Store, 'queries'>,
  routers: readonly RouterReport[],
): Promise<ReadonlySet<string>> {
  const direct = routers.flatMap(({ told }) => told?.queries ?? []).filter((query) => query.direct);
  const ended = new Set<string>();
  for (const { id } of direct.slice(0, MOST_LOOKED_UP)) {
    const state = (await queries.get(id))?.state;
    if (state === Query_State.FINISHED || state === Query_State.FAILED) ended.add(id);
  }
  return ended;
}

function clusterAnswer(status: BackendStatus | undefined, ahead: number): ClusterAnswer | undefined {
  const evidence = status?.evidence;
  if (evidence?.askedAt === undefined) return undefined;
  const { coordinatorId: suffix, askedAt, queries, transactions } = evidence;
  return {
    suffix,
    askedAt: timestampMs(askedAt) - ahead,
    queries: listed(queries),
    transactions: listed(transactions),
  };
}

function listed(found: BackendEvidence_Found | undefined): Listed {
  const { count, ids = [], problem = '' } = found ?? {};
  return count === undefined ? { known: false, problem: problem || 'it does not say' } : { known: true, ids, count };
}
