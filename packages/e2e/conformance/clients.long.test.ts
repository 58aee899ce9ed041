import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { residentMb } from '@trino-gateway/testing/processes/process-cost';
import { until } from '@trino-gateway/testing/processes/until';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { forgetPeak, peakMb } from '../attack/support/process-figures.ts';
import { type Outcomes, runSeries, type Series, seriesClients } from '../client-matrix/run-series.ts';
import { clientCases, manyRows } from './client-statements.ts';
import { clusterKinds, type Stage, startStage } from './support/stage.ts';

// Five real clients run the same statements directly and through the router, before either kind of cluster: what they tell of
// them is the same.
const say = (line: string) => void process.stderr.write(`${line}\n`);
const LIMIT_MS = 900_000;
const MOST_MB = 64;
const TWENTY = `[${Array.from({ length: 20 }, (_, at) => 100 + at).join(', ')}]`;
let stage: Stage;
let folder: string;
/** Of the first of them, directly: every client reads the same rows. */
let manyRowsDirectly: string | undefined;

beforeAll(async () => {
  stage = await startStage();
  folder = await mkdtemp(join(tmpdir(), 'trino-gateway-series-'));
}, 600_000);

afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

describe.each(seriesClients)('%s', (client) => {
  const user = `series-${client}`;
  const cases = clientCases.filter(({ notByCli }) => client !== 'cli' || notByCli !== true);
  let direct: Outcomes | undefined;
  let routed: Outcomes[] = [];
  let grownMb = 0;

  beforeAll(async () => {
    const series: Series = new Map(
      cases.flatMap(({ statements }) =>
        Object.entries(statements).map(
          ([name, sql]) => [name, sql.replace('OWN_TABLE', `memory.default.series_${client}`)] as const,
        ),
      ),
    );
    const withMany: Series = new Map([manyRows, ...series]);
    const { pid } = stage.suite.router;
    // Half a million rows go to each client once, by one of the two ways.
    const long = clusterKinds[seriesClients.indexOf(client) % clusterKinds.length];
    const at = [
      { url: stage.clusters.accepting.url, statements: manyRowsDirectly === undefined ? withMany : series },
      ...clusterKinds.map((kind) => ({ url: stage.through(kind), statements: kind === long ? withMany : series })),
    ];
    const before = residentMb(pid);
    forgetPeak(pid);
    const began = performance.now();
    try {
      [direct, ...routed] = await runSeries(client, { at, user, folder, timeoutMs: LIMIT_MS, say });
    } catch (error) {
      if (!(error instanceof MissingToolError)) throw error;
      say(`${client}: skipped: ${error.message}`);
      return;
    }
    grownMb = peakMb(pid) - before;
    manyRowsDirectly ??= direct?.get('sum');
    say(`${client}: ${Math.round((performance.now() - began) / 1_000)} s, ${Math.round(grownMb)} MB more`);
  }, LIMIT_MS);

  test('case 2: half a million rows arrive, and take no room on their way', () => {
    if (direct === undefined) return;
    expect(manyRowsDirectly).toMatch(/^541575 rows, \d+$/);
    expect(routed.flatMap((one) => one.get('sum') ?? [])).toEqual([manyRowsDirectly]);
    expect(grownMb).toBeLessThan(MOST_MB);
  });

  test.each(cases.map((one) => [one.title, one] as const))('%s', (_, { statements, fails = {} }) => {
    if (direct === undefined) return;
    for (const name of client === 'cli' ? ['all'] : Object.keys(statements)) {
      const expected = direct.get(name) ?? '';
      expect([name, ...routed.map((one) => one.get(name))]).toEqual([name, expected, expected]);
      expect([name, expected === '']).toEqual([name, false]);
      if (client === 'cli') continue;
      if (name in fails) expect(expected).toContain(fails[name]);
      else expect(expected).not.toMatch(/^(?:\["(?:failed|error)"|failed|error)/);
    }
  });

  test('case 1, 6: history has each statement once, as it was sent, with the id that its cluster knows', async () => {
    if (direct === undefined) return;
    const { statements } = cases.find(({ title }) => title.startsWith('case 6:')) ?? { statements: {} };
    for (const text of ['SELECT 1', ...Object.values(statements)]) {
      const found = await until('history to have them', async () => {
        type Row = { text: string; state: string; trinoQueryId: string; backendId: string };
        const { queries = [] } = await stage.suite.call<{ queries?: Row[] }>('QueryService/ListQueries', {
          user,
          pageSize: 1_000,
        });
        const these = queries.filter((query) => query.text === text);
        return these.length >= clusterKinds.length && these.every(({ state }) => state === 'FINISHED') && these;
      });
      expect(found.map(({ backendId }) => backendId).sort()).toEqual([...clusterKinds]);
      for (const { backendId, trinoQueryId } of found) {
        const kind = clusterKinds.find((one) => one === backendId) ?? 'accepting';
        const url = `${stage.clusters[kind].url}/v1/query/${trinoQueryId}?pruned=true`;
        const answer = await fetch(url, { headers: { 'x-trino-user': 'e2e-looks' } });
        expect([200, 410]).toContain(answer.status); // it remembers the last hundred
      }
    }
  });

  // What drivers prepare by themselves: by name, or in the statement, and twenty at a time.
  const ofDriver = Object.entries(
    {
      jdbc: { 'prepared-explicit': TWENTY, 'prepared-immediate': TWENTY },
      go: { prepared: '101 3001 300001<nil>' },
    }[client as string] ?? {},
  );
  if (ofDriver.length > 0)
    test('case 24, 25: statements that the driver prepares run, whatever their length, and many at a time', () => {
      for (const outcomes of direct === undefined ? [] : [direct, ...routed])
        for (const [name, expected] of ofDriver) expect([name, outcomes.get(name)]).toEqual([name, expected]);
    });
});
