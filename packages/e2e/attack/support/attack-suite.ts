import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICES } from '@trino-gateway/testing/suite/start-script';
import { type Suite, type SuiteOptions, startSuite } from '@trino-gateway/testing/suite/suite';
import { secretsIn } from './planted-secrets.ts';
import { must, type Row, row } from './rows.ts';
import { shippedNodeOptions } from './shipped-containers.ts';

/** The three processes, with the heaps they have in their shipped containers, on a SQLite file in a folder they make. */
export type AttackSuite = Suite & { readonly dataFolder: string };

/** What the processes log of an error that their code does not handle, and what Node prints of one that ends them. */
const UNHANDLED = /unhandled|uncaught|RangeError|TypeError|^Node\.js v\d/i;

/** Starts it; `await using` ends it and removes what it stored. */
export async function startAttackSuite(options: SuiteOptions = {}): Promise<AttackSuite> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-attack-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const dataFolder = join(folder, 'data');
  const suite = started.use(
    await startSuite({
      databaseUrl: `sqlite:${dataFolder}/gateway.db`,
      nodeOptions: Object.fromEntries(SERVICES.map((service) => [service, shippedNodeOptions(service)])),
      ...options,
    }),
  );
  const owned = started.move();
  return { ...suite, dataFolder, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What must hold of the logs of a suite at its end, whatever was done to it. */
export async function logRows(what: string, { gatewayserver, monitor, router }: Suite): Promise<Row[]> {
  const log = [gatewayserver, monitor, router].map(({ output }) => output()).join('\n');
  return [
    await row(`${what}: no log line holds a secret, and none a literal of SQL`, 1_000, () => {
      must(secretsIn(log).length === 0, `the logs hold ${secretsIn(log).join(', ')}`);
      return `${log.length} characters`;
    }),
    await row(`${what}: no log line reports an unhandled error`, 1_000, () => {
      const lines = log.split('\n').filter((line) => UNHANDLED.test(line));
      must(lines.length === 0, `${lines.length} lines: ${lines[0]}`);
      return 'none';
    }),
  ];
}

/** The three processes that run, by name. */
export function processesOf({ gatewayserver, monitor, router }: Suite) {
  return { gatewayserver, monitor, router } as const;
}
