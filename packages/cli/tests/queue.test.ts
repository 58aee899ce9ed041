import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { runCommand, type Surroundings } from './support/command-line.ts';
import { type FakeQueue, startFakeQueue } from './support/fake-queue.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const FIRST = '20260101_000000_00001_0aaaa';
const SECOND = '20260101_000000_00002_0aaaa';
let server: FakeQueue;

beforeAll(async () => {
  const query = (id: string, position: number, more = {}) => ({
    id,
    groupId: 'etl',
    user: 'ann',
    position,
    queuedAt: timestampFromMs(Date.now() - 3_700_000),
    present: true,
    reason: 'all 2 slots of blue are taken',
    ...more,
  });
  server = await startFakeQueue(
    [
      query(FIRST, 1, { estimatedStart: timestampFromMs(Date.now() + 3_700_000) }),
      query(SECOND, 2, { user: 'bob', source: 'bi', present: false, priority: 5 }),
      ...Array.from({ length: 1_200 }, (_, at) => query(`many-${at}`, at + 1, { groupId: 'many' })),
    ],
    [
      {
        groupId: 'etl',
        queued: 2,
        present: 1,
        running: 3,
        longestWaitMs: 3_700_000,
        startedLastMinute: 7,
        backends: [
          { backendId: 'blue', limit: 4, taken: 2, takenByOthers: 1, available: true },
          { backendId: 'green', taken: 1 },
        ],
      },
      { groupId: 'idle' },
    ],
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const run = (argv: string[], surroundings: Surroundings = {}) =>
  runCommand(argv, { ...surroundings, env: { TRINO_GATEWAY_URL: server.url } });

test('queue shows of each waiting query its place, its wait, the reason and when it may start', async () => {
  const { code, out, err } = await run(['queue', '--group', 'etl']);
  expect([code, err]).toEqual([0, '']);
  const [head, first, second, ...more] = out.split('\n');
  expect(more).toEqual([]);
  expect(head).toMatch(/^GROUP +PLACE +ID +USER +SOURCE +PRIORITY +WAITS +POLLED +MAY START +REASON$/);
  expect(first).toMatch(
    new RegExp(`^etl +1 +${FIRST} +ann +- +0 +1h 1m +yes +in 1h 1m +all 2 slots of blue are taken$`),
  );
  expect(second).toMatch(new RegExp(`^etl +2 +${SECOND} +bob +bi +5 +1h 1m +no +- +all 2`));
  const json = JSON.parse((await run(['queue', '--user', 'bob', '-o', 'json'])).out) as { queries: unknown[] };
  expect(json.queries).toEqual([expect.objectContaining({ id: SECOND, position: 2 })]);
});

test('a queue longer than a page is shown up to the limit, which is said when there are more', async () => {
  const { out, err } = await run(['queue', '--limit', '1100']);
  expect(out.split('\n')).toHaveLength(1_101);
  expect(err).toBe('there are more than 1100; --limit shows more');
  expect((await run(['queue', '--limit', '2000'])).err).toBe('');
  expect(await run(['queue', '--limit', '0'])).toMatchObject({ code: 2, err: expect.stringContaining('--limit') });
});

test('top shows queues and slots, once where there is no terminal', async () => {
  const { code, out } = await run(['top']);
  expect(code).toBe(0);
  expect(out).toMatch(/^etl +2 +1 +3 +7 +1h 1m +-$/m);
  expect(out).toMatch(/^idle +0 +0 +0 +0 +- +-$/m);
  expect(out).toMatch(/^etl +blue +2 +1 +1 +4 +yes$/m);
  expect(out).toMatch(/^etl +green +1 +0 +- +none +no$/m);
  expect((await run(['top', '--group', 'idle'])).out).not.toContain('etl');
  expect((await run(['top', '--group', 'elt'])).err).toContain('there is no group "elt"');
  expect(JSON.parse((await run(['top', '-o', 'json'])).out)).toMatchObject({
    groups: [{ groupId: 'etl', queued: 2 }, {}],
  });
});

test('top on a terminal refreshes until it is stopped', async () => {
  let cleared = 0;
  const clear = () => {
    cleared += 1;
  };
  const screen = { clear, nextRefresh: async () => cleared < 3 };
  const before = server.statsCalls;
  const { code, out } = await run(['top'], { screen, columns: 60 });
  expect([code, cleared, server.statsCalls - before]).toEqual([0, 3, 3]);
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
  for (const more of [['--once'], ['-o', 'yaml']]) await run(['top', ...more], { screen });
  expect(cleared).toBe(3);
});

test('hold and release', async () => {
  expect(await run(['hold', 'etl'])).toEqual({ code: 0, out: 'group "etl" held: 3 running, 2 waiting', err: '' });
  expect((await run(['top', '--group', 'etl'])).out).toMatch(/ held$/m);
  expect((await run(['release', 'etl'])).out).toBe('group "etl" released: 3 running, 2 waiting');
  expect(await run(['hold', 'ghost'])).toMatchObject({ code: 1, err: expect.stringContaining('"ghost"') });
});

test('move-to-front and cancel of a waiting query', async () => {
  expect((await run(['move-to-front', SECOND])).out).toBe(`query "${SECOND}" is at place 1 of group "etl"`);
  expect(await run(['move-to-front', 'ghost'])).toMatchObject({ code: 1, out: '' });
  expect((await run(['cancel', SECOND])).out).toBe(`query "${SECOND}" cancelled`);
  expect(server.cancelled).toEqual([SECOND]);
});
