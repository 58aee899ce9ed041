import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ENGINES, type ServerEngine, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';

// Runs the contract of the store, and the import from the tables of razorpay/trino-gateway, on real servers, all engines at once, each in databases of its own; what an engine's tests print comes when they are done. TEST_MYSQL_URL, TEST_MARIADB_URL and TEST_POSTGRES_URL name servers to use instead
// of starting one; their user must be allowed to create databases and users. Engines may be named as arguments; none means
// all. Each is also taken away under the whole suite, for TEST_OUTAGE_SECONDS (if unset 20, and once more than a minute); with PAIRS=some
// not MariaDB, to which connections are made as to MySQL, and fewer pictures of replicas that crash are drawn (STORE_RUNS).

type Counts = { passed: number; failed: number; skipped: number };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONTRACT = '**/gatewayserver/tests/storage/servers.ts';
const IMPORTS = '**/cli/tests/razorpay-tables.ts';
const OUTAGES = '**/gatewayserver/tests/storage/outage.ts';
const TLS = '**/gatewayserver/tests/storage/tls.ts';
const SUITE_OUTAGES = '**/e2e/databases/*-outage.ts';
const VARIABLES: Record<ServerEngine, string> = {
  mysql: 'TEST_MYSQL_URL',
  mariadb: 'TEST_MARIADB_URL',
  postgres: 'TEST_POSTGRES_URL',
};

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !ENGINES.some((engine) => engine === name));
if (unknown.length > 0) {
  console.error(`no such engine: ${unknown.join(', ')}; there are ${ENGINES.join(', ')}`);
  process.exit(2);
}
const chosen = ENGINES.filter((name) => asked.length === 0 || asked.includes(name));
// They wait more than they compute.
await Promise.all(
  chosen.map(async (engine) => {
    const startedAt = Date.now();
    const { counts, note } = await testEngine(engine);
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key];
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
    console.log(`${engine}: ${line(counts)} in ${seconds} s${note === undefined ? '' : `: ${note}`}`);
  }),
);
console.log(line(total));
process.exitCode = total.failed > 0 ? 1 : 0;

/** One engine that cannot be fetched counts as one skipped, one that does not start as one failed. */
async function testEngine(engine: ServerEngine): Promise<{ counts: Counts; note?: string }> {
  const given = process.env[VARIABLES[engine]];
  if (given) return { counts: await runOnServer(engine, given) };
  try {
    await using database = await startDatabase(engine);
    const onServer = await runOnServer(engine, database.url);
    if (engine === 'mariadb' && process.env.PAIRS === 'some') return { counts: onServer };
    const outages = await runJest(engine, OUTAGES, undefined);
    const tls = await runJest(engine, TLS, undefined);
    const suite = await runJest(engine, SUITE_OUTAGES, undefined);
    return { counts: sum(sum(onServer, tls), sum(outages, suite)) };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    const fetched = !(error instanceof MissingToolError);
    return { counts: { passed: 0, failed: fetched ? 1 : 0, skipped: fetched ? 0 : 1 }, note };
  }
}

async function runOnServer(engine: ServerEngine, url: string): Promise<Counts> {
  const contract = await runJest(engine, CONTRACT, url);
  return engine === 'postgres' ? contract : sum(contract, await runJest(engine, IMPORTS, url));
}

async function runJest(engine: ServerEngine, testMatch: string, url: string | undefined): Promise<Counts> {
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
    TEST_OUTAGE_ENGINE: engine,
  };
  if (process.env.PAIRS === 'some') environment.STORE_RUNS ??= '50';
  for (const variable of Object.values(VARIABLES)) delete environment[variable];
  if (url !== undefined) environment[VARIABLES[engine]] = url;
  const jest = fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url));
  const child = spawn(
    process.execPath,
    [jest, '--selectProjects', 'test', '--runInBand', '--forceExit', '--testMatch', testMatch],
    {
      cwd: ROOT,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    shown += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const [code] = await once(child, 'close');
  process.stdout.write(`=== ${engine}: ${testMatch}\n${shown}`);
  // jest's closing line is made by jest.closing-line.js.
  const counts = output
    .trim()
    .split('\n')
    .at(-1)
    ?.match(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/);
  if (!counts) return { passed: 0, failed: 1, skipped: 0 };
  const [passed, failed, skipped] = counts.slice(1).map((text) => Number(text ?? 0));
  return { passed: passed ?? 0, failed: Math.max(failed ?? 0, code === 0 ? 0 : 1), skipped: skipped ?? 0 };
}

function sum(one: Counts, other: Counts): Counts {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

function line({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
