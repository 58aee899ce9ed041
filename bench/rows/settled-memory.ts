import { residentMb } from '@trino-gateway/testing/processes/process-cost';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import { startCoordinator } from '../contenders/coordinators.ts';
import { runLoad } from '../load/load.ts';
import { type Bench, sayTable } from './run.ts';

const RATE = 550;
const CLIENTS = 32;
const LOOK_MS = 1_000;

/** Resident memory of the suite while it carries so many short queries a second for a while, history on. */
export async function settledMemory({ say, minutes }: Pick<Bench, 'say' | 'minutes'>): Promise<void> {
  await using coordinator = await startCoordinator();
  await using suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'g' }, router: { EXPLAIN_HEADERS: 'false' } });
  await suite.addBackends({ one: coordinator.url });
  await suite.addGroup('g', ['one']);
  const services = ['router', 'gatewayserver', 'monitor'] as const;
  const look = () => services.map((name) => residentMb(suite[name].pid));
  const seen = [look()];
  const looking = setInterval(() => seen.push(look()), LOOK_MS);
  try {
    const load = { clients: CLIENTS, seconds: minutes * 60, rate: RATE };
    const { perSecond } = await runLoad('queries', suite.router, load);
    seen.push(look());
    const megabytes = (at: number, service: number) => seen.at(at)?.[service]?.toFixed(0) ?? '';
    sayTable(
      say,
      [`${RATE} short queries a second, MB`, 'a second', 'minutes', 'at rest', 'half-way', 'at the end', 'at most'],
      services.map((name, service) => [
        name,
        perSecond.toFixed(0),
        String(minutes),
        megabytes(0, service),
        megabytes(Math.floor(seen.length / 2), service),
        megabytes(-1, service),
        Math.max(...seen.map((each) => each[service] ?? 0)).toFixed(0),
      ]),
    );
  } finally {
    clearInterval(looking);
  }
}
