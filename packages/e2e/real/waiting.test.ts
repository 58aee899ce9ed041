import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { harmlessCases, problemCases } from '@trino-gateway/sql/statement-problem-cases';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runCommand } from '@trino-gateway/testing/toolchains/run-command';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { isTemporaryQueryId } from '@trino-gateway/trino';
import { harmlessHeaderCases, headerProblemCases } from '@trino-gateway/trino/cases/session/session-headers';
import { cliProgram, jdbcProgram } from '../client-matrix/java-programs.ts';
import { clientsFolder, pythonWithPackages } from '../client-matrix/toolchains.ts';

// A real cluster whose only slot is taken: what a client that waits is told, by the gateway as by the cluster itself.
const say = (line: string) => void process.stderr.write(`${line}\n`);
const LIMIT_MS = 300_000;
const AT_ONCE = 8;
const NOWHERE = [undefined, undefined];
let trino: Coordinator;
let suite: Suite;
let running: OpenQuery | undefined;

beforeAll(async () => {
  trino = await startCoordinator({ name: 'waiting', say });
  suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all' } });
  await suite.addBackends({ one: trino.url }, { maxRunningQueries: 1 });
  await suite.addGroup('all', ['one']);
}, 600_000);

afterAll(async () => {
  await running?.cancel();
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
}, 60_000);

/** A query that has begun to answer and is not read any further: it keeps its slot, and the cluster has nothing to do. */
async function takeSlot(): Promise<void> {
  const query = await openQuery(suite.router.url, 'SELECT * FROM tpch.sf1.lineitem');
  await until('the slot to be taken', async () => (await query.poll()).data !== undefined, LIMIT_MS);
  running = query;
}

/** Ends it. */
async function freeSlot(): Promise<void> {
  await running?.cancel();
  running = undefined;
}

type Told = { ms: number; code: number; message: string };

/** What a program said in its one line of three parts. */
async function told(command: string, ...args: string[]): Promise<Told> {
  const lines: string[] = [];
  await runCommand(command, args, { timeoutMs: LIMIT_MS, onLine: (line) => lines.push(line) });
  const [ms, code, message = ''] = lines.find((line) => line.includes('\t'))?.split('\t') ?? [];
  return { ms: Number(ms), code: Number(code), message };
}

const limited = 'SELECT 5';
const clients: Record<string, () => Promise<Told>> = {
  'JDBC with setQueryTimeout(5)': async () => {
    const { command, args } = await jdbcProgram('TimeLimit', say);
    return told(command, ...args, suite.router.url, 'e2e', '5', limited);
  },
  'Python with query_max_run_time=5s': async () => {
    const program = join(clientsFolder, 'python', 'time_limit.py');
    const python = await pythonWithPackages(say);
    return told(python, program, suite.router.url, 'e2e', '5s', limited);
  },
  'the CLI with query_max_run_time=5s': async () => {
    const { command, args } = await cliProgram(say);
    const session = ['--session', 'query_max_run_time=5s', '--user', 'e2e', '--execute', limited];
    const began = performance.now();
    const failure = await runCommand(command, [...args, '--server', suite.router.url, ...session], {
      timeoutMs: LIMIT_MS,
    }).catch((error: Error) => error);
    // It says the message, not the code.
    return { ms: performance.now() - began, code: 131075, message: String(failure) };
  },
};

describe('while the only slot is taken', () => {
  beforeAll(takeSlot, LIMIT_MS);
  afterAll(freeSlot, LIMIT_MS);

  type Row = {
    source: string;
    submittedAt: string;
    endedAt: string;
    queuedMs?: number;
    error: { name: string };
  };

  test(
    "a client's own limit ends its query on time, in the words of Trino",
    async () => {
      const told = await Promise.all(Object.entries(clients).map(async ([name, run]) => [name, await run()] as const));
      for (const [name, { ms, code, message }] of told) {
        say(`${name}: ${code} after ${Math.round(ms)} ms: ${message.split('\n')[0]}`);
        expect([name, code]).toEqual([name, 131075]);
        expect(message).toContain('Query exceeded maximum time limit of 5.00s');
        expect(ms).toBeGreaterThanOrEqual(4_900);
      }
      // Router and gatewayserver both report the end; only the gatewayserver knows the wait.
      const queries = await until('history to have them', async () => {
        const found = await suite.call<{ queries?: Row[] }>('QueryService/ListQueries', { state: 'FAILED' });
        const whole = (found.queries ?? []).filter(({ queuedMs }) => queuedMs !== undefined);
        return whole.length === told.length && whole;
      });
      for (const { source, submittedAt, endedAt, queuedMs = 0, error } of queries) {
        const tookMs = Date.parse(endedAt) - Date.parse(submittedAt);
        say(`history: ${source} ${error.name} after ${tookMs} ms, ${queuedMs} of them queued`);
        expect([source, error.name]).toEqual([source, 'EXCEEDED_TIME_LIMIT']);
        for (const ms of [tookMs, queuedMs]) expect(Math.abs(ms - 5_000)).toBeLessThan(2_000);
      }
    },
    LIMIT_MS,
  );

  test(
    'a limit on waiting ends the wait',
    async () => {
      const session = { 'x-trino-session': 'query_max_queued_time=2s' };
      const began = performance.now();
      const { error } = await (await openQuery(suite.router.url, 'SELECT 1', session)).finish();
      say(`query_max_queued_time=2s: ${Math.round(performance.now() - began)} ms`);
      expect(error).toMatchObject({
        errorName: 'EXCEEDED_TIME_LIMIT',
        message: 'Query exceeded maximum queued time limit of 2.00s',
      });
    },
    LIMIT_MS,
  );

  type Verdict = { name: string | undefined; code: number | undefined; at: (number | undefined)[] };

  async function verdictAt(url: string, sql: string, headers: Record<string, string>): Promise<Verdict> {
    const { error } = await (await openQuery(url, sql, headers)).finish();
    const { lineNumber, columnNumber } = (error as { errorLocation?: Record<string, number> })?.errorLocation ?? {};
    return { name: error?.errorName, code: error?.errorCode, at: [lineNumber, columnNumber] };
  }

  const inOne = (headers: readonly string[] = []) => Object.fromEntries(new Headers(pairs(headers)));

  test(
    'each statement of the table is refused at once, as by the cluster: error, code and place',
    async () => {
      await inTurns(problemCases, async ({ sql, headers, at, trinoAt }) => {
        const directly = await verdictAt(trino.url, sql, inOne(headers));
        expect([sql, directly.at]).toEqual([sql, trinoAt ?? at ?? NOWHERE]);
        const here = await verdictAt(suite.router.url, sql, inOne(headers));
        expect([sql, here]).toEqual([sql, { ...directly, at: at ?? NOWHERE }]);
      });
    },
    LIMIT_MS,
  );

  test(
    'none of the harmless ones is: it waits, and the cluster runs it',
    async () => {
      await inTurns(harmlessCases, async ([sql, headers]) => {
        expect([sql, (await verdictAt(trino.url, sql, inOne(headers))).name]).toEqual([sql, undefined]);
        await expectToWait(sql, inOne(headers));
      });
    },
    LIMIT_MS,
  );

  test(
    'headers that nobody can read are answered with 400, as by the cluster, and others are read',
    async () => {
      await inTurns(headerProblemCases, async ([name, value, message]) => {
        for (const url of [trino.url, suite.router.url])
          await expect(openQuery(url, 'SELECT 1', { [name]: value })).rejects.toThrow(
            `HTTP 400: Error 400 Bad Request: ${message}`,
          );
      });
      await inTurns(harmlessHeaderCases, async ([name, value]) => {
        await (await openQuery(trino.url, 'SELECT 1', { [name]: value })).cancel();
        await expectToWait('SELECT 1', { [name]: value });
      });
    },
    LIMIT_MS,
  );

  async function expectToWait(sql: string, headers: Record<string, string>): Promise<void> {
    const waiting = await openQuery(suite.router.url, sql, headers);
    expect([sql, waiting.page.stats.state, isTemporaryQueryId(waiting.id)]).toEqual([sql, 'QUEUED', true]);
    await waiting.cancel();
  }
});

test(
  'the cluster gets what is left of a limit: the query ends on time, wait included',
  async () => {
    await takeSlot();
    const long = 'SELECT count(*) FROM tpch.sf100.lineitem CROSS JOIN tpch.sf1.lineitem';
    const began = performance.now();
    const waiting = await openQuery(suite.router.url, long, { 'x-trino-session': 'query_max_run_time=6s' });
    await waiting.poll();
    await waiting.poll();
    await freeSlot();
    const { error } = await waiting.finish();
    const ms = performance.now() - began;
    say(`query_max_run_time=6s, two of them waited: ${Math.round(ms)} ms: ${error?.message}`);
    expect(error).toMatchObject({ errorName: 'EXCEEDED_TIME_LIMIT' });
    // In Trino's own words, of what it was given.
    expect(error?.message).toMatch(/^Query exceeded maximum time limit of [234]\.\d\ds$/);
    expect(ms).toBeGreaterThan(5_500);
    expect(ms).toBeLessThan(12_000);
  },
  LIMIT_MS,
);

test(
  'the times of a query that waited never go back, and its last page holds the wait',
  async () => {
    await takeSlot();
    const waiting = await openQuery(suite.router.url, 'SELECT count(*) FROM tpch.tiny.orders');
    const times = [timesOf(waiting)];
    for (let polls = 0; polls < 2; polls += 1) {
      await waiting.poll();
      times.push(timesOf(waiting));
    }
    await freeSlot();
    while (waiting.page.nextUri !== undefined) {
      await waiting.poll();
      times.push(timesOf(waiting));
    }
    say(`queued and elapsed: ${JSON.stringify(times)}`);
    expect(waiting.page.stats.state).toBe('FINISHED');
    for (const at of [0, 1] as const) {
      const column = times.map((time) => time[at]);
      expect(column).toEqual(column.toSorted((a, b) => a - b));
      expect(column.at(-1)).toBeGreaterThan(1_500);
    }
  },
  LIMIT_MS,
);

function timesOf({ page }: OpenQuery): [queued: number, elapsed: number] {
  const { queuedTimeMillis = 0, elapsedTimeMillis = 0 } = page.stats as Record<string, unknown> as Record<
    string,
    number
  >;
  return [queuedTimeMillis, elapsedTimeMillis];
}

/** A few at a time. */
async function inTurns<Case>(cases: readonly Case[], check: (one: Case) => Promise<void>): Promise<void> {
  for (let at = 0; at < cases.length; at += AT_ONCE) await Promise.all(cases.slice(at, at + AT_ONCE).map(check));
}

const pairs = (headers: readonly string[]): [string, string][] =>
  Array.from({ length: headers.length / 2 }, (_, at) => [headers[2 * at] ?? '', headers[2 * at + 1] ?? '']);
