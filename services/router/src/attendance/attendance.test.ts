import { expect, test } from '@jest/globals';
import { createDueTimes } from '../limits/due-times.ts';
import { createHeldPolls } from '../limits/held-polls.ts';
import { createAttendance, type HeldEnd } from './attendance.ts';
import type { AttendQueries } from './attended-queries.ts';

type Answer = Awaited<ReturnType<AttendQueries>>;

/** Clients that are answered, and poll on, at a clock of their own; and the calls that stand for their polls. */
function open() {
  let now = 0;
  const calls: { ids: string[]; answer: (answer: Answer) => void; signal: AbortSignal }[] = [];
  const heldPolls = createHeldPolls({ now: () => now });
  const attend: AttendQueries = ({ queries }, signal) => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    calls.push({ ids: queries.map(({ queryId }) => queryId), answer: resolve, signal });
    return promise;
  };
  const due = createDueTimes(1);
  const attendance = createAttendance({ admission: { attend }, heldPolls, due, now: () => now });
  const client = new AbortController();
  const hold = (waitMs = 60_000, queryId = 'q'): Promise<HeldEnd> | undefined =>
    attendance.hold({ queryId, secretHash: () => new Uint8Array(32) }, client.signal, waitMs);
  /** So many polls of each client that are answered, each after a pause. */
  const pollsOn = (polls: number, pauseMs: number, ...ids: string[]) => {
    const all = ids.length > 0 ? ids : ['q'];
    for (let poll = 0; poll < polls; poll++) {
      for (const id of all) void hold(undefined, id);
      now += 1_000;
      for (const id of all) attendance.waits(id);
      now += pauseMs;
    }
  };
  const pass = (ms: number) => {
    now += ms;
  };
  /** So many calls were made. */
  const called = async (count: number) => {
    while (calls.length < count) await new Promise(setImmediate);
    expect(calls).toHaveLength(count);
  };
  return { attendance, heldPolls, calls, called, client, hold, pollsOn, pass };
}

/** Longer than calls are gathered. */
const gathered = () => new Promise((resolve) => createDueTimes(1).after(40, () => resolve(undefined)));

test('one call stands for the polls of all clients that have come back at once a few times', async () => {
  const { calls, called, hold, pollsOn, heldPolls } = open();
  pollsOn(3, 5, 'a', 'b');
  await gathered();
  expect(calls).toHaveLength(0);
  const polls = ['a', 'b'].map((id) => hold(60, id));
  expect(heldPolls.count()).toBe(2);
  await called(1);
  expect(await Promise.all(polls)).toEqual(['over', 'over']);
  expect(heldPolls.count()).toBe(0);
  expect(await Promise.all(['a', 'b'].map((id) => hold(20, id)))).toEqual(['over', 'over']);
  await gathered();
  expect(calls.map(({ ids, signal }) => [ids, signal.aborted])).toEqual([[['a', 'b'], false]]);
});

test('a change that is told while nobody polls is not forgotten: the next poll asks by itself', async () => {
  const { attendance, calls, called, hold, pollsOn } = open();
  pollsOn(3, 5);
  expect(await hold(1)).toBe('over');
  attendance.waits('q');
  await called(1);
  calls[0]?.answer({ changedQueryIds: ['q'] });
  await new Promise(setImmediate);
  expect(hold(1)).toBeUndefined();
  attendance.waits('q');
  pollsOn(3, 5);
  expect(hold(1)).toBeDefined();
});

test('a client that pauses between its polls is not attended', async () => {
  const { calls, pollsOn, hold } = open();
  pollsOn(10, 500);
  expect(hold()).toBeUndefined();
  await gathered();
  expect(calls).toHaveLength(0);
});

test('a change ends all polls of its query, and a call that does not say of it stands for the others', async () => {
  const { calls, called, hold, pollsOn } = open();
  pollsOn(3, 5, 'a', 'b');
  const both = [hold(undefined, 'a'), hold(undefined, 'a')];
  const other = hold(undefined, 'b');
  await called(1);
  calls[0]?.answer({ changedQueryIds: ['a'] });
  expect(await Promise.all(both)).toEqual(['changed', 'changed']);
  await called(2);
  expect(calls[1]?.ids).toEqual(['b']);
  calls[1]?.answer({ changedQueryIds: ['b'] });
  expect(await other).toBe('changed');
});

test('polls ask by themselves when the gatewayserver does not answer or does not know the call, and for a while after it', async () => {
  const { calls, called, hold, pollsOn, pass } = open();
  pollsOn(3, 5);
  const poll = hold();
  await called(1);
  calls[0]?.answer(undefined);
  expect(await poll).toBe('changed');
  pollsOn(1, 5);
  expect(hold()).toBeUndefined();
  pass(5_000);
  pollsOn(4, 5);
  await called(2);
});

test('a call that is over is repeated, unless it was answered too early', async () => {
  const { calls, called, hold, pollsOn, pass } = open();
  pollsOn(3, 5);
  const poll = hold();
  await called(1);
  pass(10_000);
  calls[0]?.answer({ changedQueryIds: [] });
  await called(2);
  calls[1]?.answer({ changedQueryIds: [] });
  expect(await poll).toBe('changed');
});

test('many are told of in several calls', async () => {
  const { calls, hold, pollsOn } = open();
  const ids = Array.from({ length: 120 }, (_, at) => `q${at}`);
  pollsOn(3, 5, ...ids);
  for (const id of ids) void hold(undefined, id);
  await gathered();
  expect(calls.map((call) => call.ids.length)).toEqual([50, 50, 20]);
  expect(calls.flatMap((call) => call.ids)).toEqual(ids);
});

test('a client that does not come back is told of no longer, and the others go on', async () => {
  const { calls, called, hold, pollsOn } = open();
  pollsOn(3, 5, 'lost', 'other');
  const lost = hold(30, 'lost');
  const other = hold(undefined, 'other');
  await called(1);
  expect(await lost).toBe('over');
  await called(2);
  expect(calls.map(({ ids, signal }) => [ids, signal.aborted])).toEqual([
    [['lost', 'other'], true],
    [['other'], false],
  ]);
  calls[1]?.answer({ changedQueryIds: ['other'] });
  expect(await other).toBe('changed');
});

test('a client that hangs up is given up at once; a stop answers all', async () => {
  const left = open();
  left.pollsOn(3, 5);
  const poll = left.hold();
  await left.called(1);
  left.client.abort();
  expect([await poll, left.calls[0]?.signal.aborted]).toEqual(['gone', true]);

  const stopped = open();
  stopped.pollsOn(3, 5);
  const held = stopped.hold();
  stopped.heldPolls.stop();
  expect([await held, stopped.hold(20)]).toEqual(['over', undefined]);
});
