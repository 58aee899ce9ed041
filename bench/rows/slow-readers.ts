import { residentMb } from '@trino-gateway/testing/processes/process-cost';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import { startCoordinator } from '../contenders/coordinators.ts';
import { runLoad } from '../load/load.ts';
import { type Bench, sayTable } from './run.ts';

const READERS = 32;
const BYTES = 1_000_000_000;
const SECONDS = 20;
const LOOK_MS = 100;

/** Resident memory of a router that has just started while slow readers stream pages of 16 MB. */
export async function slowReaderCosts({ say }: Pick<Bench, 'say'>): Promise<void> {
  await using coordinator = await startCoordinator();
  await using suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'g' }, router: { EXPLAIN_HEADERS: 'false' } });
  await suite.addBackends({ one: coordinator.url });
  await suite.addGroup('g', ['one']);
  const { url, pid } = suite.router;
  const before = residentMb(pid);
  let most = before;
  const looking = setInterval(() => {
    most = Math.max(most, residentMb(pid));
  }, LOOK_MS);
  try {
    const run = await runLoad('slow', { url }, { clients: READERS, seconds: SECONDS, bytes: BYTES });
    const megabytes = run.bytes / 1_000_000;
    sayTable(
      say,
      [`${READERS} slow readers of 16 MB pages`, 'MB in all', 'MB a second', 'router MB before', 'at most', 'grown by'],
      [
        [
          'suite',
          megabytes.toFixed(0),
          ((megabytes / run.count) * run.perSecond).toFixed(0),
          ...[before, most, most - before].map((value) => value.toFixed(0)),
        ],
      ],
    );
  } finally {
    clearInterval(looking);
  }
}
