import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { residentMb } from '@trino-gateway/testing/processes/process-cost';
import { until } from '@trino-gateway/testing/processes/until';
import { run, send, session, type WirePage } from '@trino-gateway/testing/protocol/wire';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { connectionsTo } from '../../attack/support/process-figures.ts';
import { outcome } from '../support/as-directly.ts';
import { converse, firstAnswer } from '../support/raw-socket.ts';
import { clusterKinds, type Stage } from '../support/stage.ts';

const post = (url: string, statement: string) => send('POST', `${url}/v1/statement`, session, statement);

/** Statements as they are, long, and too long. */
export function describeStatements(stage: () => Stage): void {
  describeFlood(stage);
  describeCrowd(stage);
  test('case 8: an empty body is refused, blanks and comments fail, as by the cluster', async () => {
    for (const kind of clusterKinds) {
      const [direct, routed] = [stage().clusters[kind].url, stage().through(kind)];
      for (const url of [direct, routed])
        expect(await post(url, '')).toMatchObject({
          status: 400,
          text: 'Error 400 Bad Request: SQL statement is empty',
        });
      for (const statement of [' ', '\n\t ', '-- nothing', '/* nothing */', ' -- nothing\n/* nothing */ ']) {
        const expected = await outcome(direct, statement);
        expect(expected.error).toMatchObject({ errorName: 'SYNTAX_ERROR' });
        expect([statement, await outcome(routed, statement)]).toEqual([statement, expected]);
      }
    }
  });

  test('case 11: a statement of as many characters as a cluster takes runs, one more is too long, as by the cluster', async () => {
    const most = 1_000_000;
    const ofLength = (length: number) => `SELECT length('${'x'.repeat(length - `SELECT length('')`.length)}')`;
    const [direct, routed] = [stage().clusters.accepting.url, stage().through('accepting')];
    const expected = { most: await outcome(direct, ofLength(most)), more: await outcome(direct, ofLength(most + 1)) };
    expect(expected.most.rows).toEqual([[most - `SELECT length('')`.length]]);
    expect(expected.more.error).toMatchObject({ errorName: 'QUERY_TEXT_TOO_LARGE' });
    expect(await outcome(routed, ofLength(most))).toEqual(expected.most);
    expect(await outcome(routed, ofLength(most + 1))).toEqual(expected.more);
  });

  test('case 12: a statement of 8 MB runs where the cluster takes it, and the event loop goes on meanwhile', async () => {
    const letters = 8_000_000;
    const delays: number[] = [];
    // A machine that is busy delays any process: the quickest of three counts.
    for (let round = 0; round < 3 && !(Math.min(...delays) < 100); round++) {
      await eventLoopDelayMs(stage());
      const waited = waitedForCoreMs(stage().suite.router.pid);
      const result = await outcome(stage().through('rejecting'), `SELECT length('${'x'.repeat(letters)}')`);
      expect(result).toMatchObject({ rows: [[letters]], error: {} });
      const forCore = waitedForCoreMs(stage().suite.router.pid) - waited;
      delays.push((await eventLoopDelayMs(stage())) - forCore);
    }
    process.stderr.write(`8 MB of SQL: the event loop was delayed by ${delays.map(Math.round).join(', ')} ms\n`);
    expect(Math.min(...delays)).toBeLessThan(100);
  });

  test('case 18: what pages say of progress never goes back once a cluster runs the query', async () => {
    const union = [1, 2, 3, 4, 5, 6].map((n) => `SELECT count(*) FROM tpch.tiny.lineitem WHERE orderkey % ${n} = 0`);
    const { pages } = await run(stage().through('accepting'), union.join(' UNION ALL '));
    const running = pages.filter(({ stats }) => stats.state !== 'QUEUED').map(countersOf);
    expect(running.length).toBeGreaterThan(1);
    for (const [at, counters] of running.entries())
      for (const [name, value] of Object.entries(running[at - 1] ?? {}))
        expect([at, name, counters[name] ?? -1]).toEqual([at, name, Math.max(value, counters[name] ?? -1)]);
  });
}

function describeFlood(stage: () => Stage): void {
  test.each(['with its length', 'in chunks'])(
    'case 13: a body of 200 MB %s is refused without being kept, and its connection ends',
    async (how) => {
      const { pid } = stage().suite.router;
      const before = residentMb(pid);
      let most = before;
      const watch = setInterval(() => {
        most = Math.max(most, residentMb(pid));
      }, 20);
      const megabytes = 200;
      const piece = Buffer.alloc(1_048_576, 'x');
      const chunked = how === 'in chunks';
      const head = [
        'POST /v1/statement HTTP/1.1',
        'Host: gateway',
        'X-Trino-User: e2e',
        chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${megabytes * piece.length}`,
      ];
      const framed = chunked ? Buffer.concat([Buffer.from('100000\r\n'), piece, Buffer.from('\r\n')]) : piece;
      const pieces = Array.from({ length: megabytes }, () => framed);
      const { text, closed } = await converse(
        stage().through('accepting'),
        Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), ...pieces]),
      );
      clearInterval(watch);
      const { status, lines, body } = firstAnswer(text);
      process.stderr.write(`200 MB ${how}: ${status}, and ${Math.round(most - before)} MB more\n`);
      // A page as Trino gives one, whose link leads to the error: an HTTP error would say less to most clients.
      expect([status, closed]).toEqual([200, true]);
      expect(lines).toContain('connection: close');
      const [page = ''] = /\{.*\}/s.exec(body) ?? [];
      const link = new URL((JSON.parse(page) as WirePage).nextUri ?? '');
      const failed = await send('GET', stage().through('accepting') + link.pathname, session);
      expect(JSON.parse(failed.text)).toMatchObject({ error: { errorName: 'QUERY_TEXT_TOO_LARGE' } });
      expect(most - before).toBeLessThan(128);
      expect((await outcome(stage().through('accepting'), 'SELECT 1')).rows).toEqual([[1]]);
    },
  );
}

/** CLIENT_STATEMENTS=50 for the whole of the case, which takes minutes. */
const STATEMENTS_EACH = Number(process.env.CLIENT_STATEMENTS ?? 1);
const CLIENTS = 200;

function describeCrowd(stage: () => Stage): void {
  test('case 19: two hundred clients at a time get their own rows, without an error, and leave no connection', async () => {
    const client = async (number: number): Promise<unknown[]> => {
      const url = stage().through(clusterKinds[number % clusterKinds.length] ?? 'accepting');
      const wrong: unknown[] = [];
      for (let at = 0; at < STATEMENTS_EACH; at++) {
        const { rows, error } = await runQuery(url, `SELECT ${number} + 0, 'statement ' || '${at}'`);
        if (error !== undefined || rows[0]?.[0] !== number || rows[0]?.[1] !== `statement ${at}`)
          wrong.push([number, at, rows, error]);
      }
      return wrong;
    };
    const wrong = await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    expect(wrong.flat()).toEqual([]);
    const { ports } = stage().suite.router;
    await until('their connections to be closed', () => ports.every((port) => connectionsTo(port) === 0));
    // Those to the clusters are kept for the next, at most as many as were needed at a time.
    for (const kind of clusterKinds)
      expect(connectionsTo(Number(new URL(stage().clusters[kind].url).port))).toBeLessThanOrEqual(CLIENTS);
  });
}

const COUNTERS = ['completedSplits', 'processedRows', 'processedBytes', 'queuedTimeMillis', 'elapsedTimeMillis'];

function countersOf({ stats }: WirePage): Record<string, number> {
  const all = stats as Record<string, unknown>;
  return Object.fromEntries(COUNTERS.map((name) => [name, Number(all[name])]));
}

/** The longest delay of the router's event loop since this was asked last. */
async function eventLoopDelayMs({ suite }: Stage): Promise<number> {
  const text = await (await fetch(`${suite.router.opsUrl}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1]) * 1_000;
}

/** How long the main thread of a process was ready to run while others had the cores. */
function waitedForCoreMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}
