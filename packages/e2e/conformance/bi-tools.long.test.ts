import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { pythonEnvironment } from '@trino-gateway/testing/toolchains/python-environment';
import { runCommand } from '@trino-gateway/testing/toolchains/run-command';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { runClientMatrix } from '../client-matrix/run-matrix.ts';
import { clientsFolder } from '../client-matrix/toolchains.ts';
import { type SharedCluster, sharedCluster } from '../real/shared-clusters.ts';
import { type Sequence, sequences } from './bi-sequences.ts';

// What tools do, at a real cluster and through the gateway.
const LIMIT_MS = 600_000;
const say = (line: string) => void process.stderr.write(`${line}\n`);
let trino: SharedCluster;
let suite: Suite;

beforeAll(async () => {
  trino = await sharedCluster('accepting');
  suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all' } });
  await suite.addBackends({ one: trino.url });
  await suite.addGroup('all', ['one']);
  await until('a first query to run', async () => (await runQuery(suite.router.url, 'SELECT 1')).error === undefined);
}, 900_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
}, 60_000);

/** What a tool reads of the answers to its statements: columns with their types, rows, errors, changes of the session. */
async function replay(url: string, { source, headers, statements }: Sequence) {
  const answers: object[] = [];
  const session: Record<string, string> = {};
  for (const statement of statements) {
    let columns: object | undefined;
    const changes: Record<string, unknown> = {};
    const { rows, error } = await runQuery(url, statement, {
      user: 'bi',
      headers: { ...headers, ...session, 'x-trino-source': source },
      onPage: (page, answer) => {
        columns ??= page.columns;
        for (const [name, value] of Object.entries(answer.headers))
          if (/^x-trino-(set|clear|added)-/.test(name)) changes[name] = value;
      },
    });
    if (typeof changes['x-trino-set-session'] === 'string') session['x-trino-session'] = changes['x-trino-set-session'];
    const inOrder = /ORDER BY/.test(statement) ? rows : rows.map((row) => JSON.stringify(row)).sort();
    answers.push({ statement, columns, rows: inOrder, error: error && [error.errorName, error.message], changes });
  }
  return answers;
}

test.each(Object.entries(sequences))(
  'case 111: what %s runs when it starts is answered as directly',
  async (tool, sequence) => {
    const [here, there] = await Promise.all([replay(suite.router.url, sequence), replay(trino.url, sequence)]);
    say(`${tool}: ${here.length} statements`);
    expect(here).toEqual(there);
    expect(here).toHaveLength(sequence.statements.length);
  },
  LIMIT_MS,
);

test(
  'case 113: SQLAlchemy finds tables, columns and whether there is a table as it does directly',
  async () => {
    const run = (url: string) =>
      Array.fromAsync(
        runClientMatrix({ url, user: 'inspects', only: ['sqlalchemy'], cases: ['tables', 'inspection'] }),
      );
    const [here, there] = await Promise.all([run(suite.router.url), run(trino.url)]);
    expect(here).toEqual(there);
    expect(here.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  },
  LIMIT_MS,
);

/** What dbt says of each seed, model and test of the project after it has built them at this address with eight threads. */
async function build(python: string, url: string, schema: string): Promise<unknown[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-dbt-'));
  try {
    await cp(join(clientsFolder, 'dbt'), folder, { recursive: true });
    const { hostname, port } = new URL(url);
    const env = {
      ...process.env,
      ...{ DBT_HOST: hostname, DBT_PORT: port, DBT_SCHEMA: schema, DBT_SEND_ANONYMOUS_USAGE_STATS: 'false' },
    };
    const started = 'import sys; from dbt.cli.main import cli; sys.argv = ["dbt", *sys.argv[1:]]; cli()';
    const args = ['build', '--threads', '8', '--profiles-dir', folder, '--project-dir', folder, '--quiet'];
    await runCommand(python, ['-c', started, ...args], { cwd: folder, env, timeoutMs: LIMIT_MS });
    type Results = { results: { unique_id: string; status: string; failures?: number | null }[] };
    const { results } = JSON.parse(await readFile(join(folder, 'target', 'run_results.json'), 'utf8')) as Results;
    return results
      .map(({ unique_id: id, status, failures }) => [id, status, failures])
      .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test(
  'case 112: dbt seeds, builds and tests with eight threads as it does directly',
  async () => {
    let python: string;
    try {
      const requirements = join(clientsFolder, 'dbt', 'requirements.txt');
      python = await pythonEnvironment('dbt', requirements, () => say('installing dbt (once)'));
    } catch (error) {
      if (!(error instanceof MissingToolError)) throw error;
      say(`dbt: skipped: ${error.message}`);
      return;
    }
    const [here, there] = await Promise.all([
      build(python, suite.router.url, 'dbt_here'),
      build(python, trino.url, 'dbt_there'),
    ]);
    say(`dbt: ${here.map(([id, status]) => `${String(id).split('.')[2]} ${status}`).join(', ')}`);
    expect(here).toEqual(there);
    expect(here.length).toBeGreaterThan(8);
    const users = await suite.call<{ queries?: object[] }>('QueryService/ListQueries', { user: 'dbt' });
    expect(users.queries?.length).toBeGreaterThan(here.length);
  },
  LIMIT_MS,
);
