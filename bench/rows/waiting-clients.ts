import { startSuite } from '@trino-gateway/testing/suite/suite';
import { startCoordinator } from '../contenders/coordinators.ts';
import { type CrowdCosts, crowdCosts } from './crowd.ts';
import { type Bench, sayTable } from './run.ts';

/** How many; BENCH_WAITING=250,1000,4000 shows how their cost grows. */
const COUNTS = (process.env.BENCH_WAITING ?? '1000').split(',').map(Number);
/** Until the code is compiled that a poll runs through, at so few a second, and the first garbage is collected. */
const SETTLE_SECONDS = 20;
const SECONDS = 10;

/** What clients cost that wait for a slot and poll once a second, on SQLite with one process of each kind. */
export async function waitingClientCosts({ say }: Pick<Bench, 'say'>): Promise<void> {
  const rows: string[][] = [];
  for (const waiting of COUNTS) {
    const { perSecond, shares, microsEach, kilobytes } = await costsOf(waiting);
    rows.push([
      String(waiting),
      perSecond.toFixed(0),
      ...[shares.router, shares.gatewayserver, shares.together].map((share) => share.toFixed(2)),
      microsEach.toFixed(0),
      kilobytes.router.toFixed(0),
      kilobytes.gatewayserver.toFixed(0),
    ]);
  }
  const head = ['waiting clients', 'polls a second', 'router, of a core', 'gatewayserver, of a core', 'together'];
  sayTable(say, [...head, 'CPU µs a poll', 'router KB each', 'gatewayserver KB each'], rows);
}

async function costsOf(waiting: number): Promise<CrowdCosts> {
  await using coordinator = await startCoordinator();
  await using suite = await startSuite({
    // All clients are one user.
    gatewayserver: { DEFAULT_GROUP: 'limited', QUEUE_MAX_QUEUED_PER_USER: '0', QUEUE_MAX_QUEUED_PER_GROUP: '0' },
    router: { EXPLAIN_HEADERS: 'false' },
  });
  await suite.addBackends({ full: coordinator.url }, { maxRunningQueries: 1 });
  await suite.addGroup('limited', ['full']);
  const queued = async () => {
    type Stats = { groups?: { queued?: number }[] };
    const { groups = [] } = await suite.call<Stats>('QueueService/GetQueueStats', { groupId: 'limited' });
    return groups[0]?.queued;
  };
  let counted = Promise.resolve<number | undefined>(undefined);
  // One more, which has the slot.
  const options = { clients: waiting + 1, seconds: SECONDS, settle: SETTLE_SECONDS, every: 1 };
  const costs = await crowdCosts(suite, 'waiting', options, () => {
    counted = queued();
  });
  const found = await counted;
  if (found !== waiting) throw new Error(`${found} queries wait, expected ${waiting}`);
  return costs;
}
