import { startSuite } from '@trino-gateway/testing/suite/suite';
import { startCoordinator } from '../contenders/coordinators.ts';
import { crowdCosts } from './crowd.ts';
import { type Bench, sayTable } from './run.ts';

const CLIENTS = 10_000;
const EVERY_SECONDS = 30;
const SETTLE_SECONDS = 3;
const SECONDS = 15;
const MORE = String(CLIENTS * 2);

/** What connections cost that are kept open and poll rarely. */
export async function idleClientCosts({ say }: Pick<Bench, 'say'>): Promise<void> {
  await using coordinator = await startCoordinator();
  await using suite = await startSuite({
    gatewayserver: { DEFAULT_GROUP: 'g' },
    // All clients have one address.
    router: { EXPLAIN_HEADERS: 'false', MAX_CONNECTIONS: MORE, MAX_CONNECTIONS_PER_CLIENT: MORE },
  });
  await suite.addBackends({ one: coordinator.url });
  await suite.addGroup('g', ['one']);
  const options = { clients: CLIENTS, seconds: SECONDS, settle: SETTLE_SECONDS, every: EVERY_SECONDS };
  const { perSecond, shares, microsEach, kilobytes, p50Ms, p99Ms } = await crowdCosts(suite, 'idle', options);
  sayTable(
    say,
    ['idle clients', 'polls a second', 'router, of a core', 'CPU µs a poll', 'router KB each', 'p50 ms', 'p99 ms'],
    [
      [
        String(CLIENTS),
        perSecond.toFixed(0),
        shares.router.toFixed(2),
        microsEach.toFixed(0),
        kilobytes.router.toFixed(1),
        p50Ms.toFixed(2),
        p99Ms.toFixed(2),
      ],
    ],
  );
}
