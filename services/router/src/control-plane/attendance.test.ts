import { expect, test } from '@jest/globals';
import { createHeldPolls } from '../limits/held-polls.ts';
import { createAttendance, type HeldEnd } from './attendance.ts';

type Answer = { changed: boolean; queuedMs: number } | undefined;

/** A client that is answered, and polls on, at a clock of its own; and the calls that stand for its polls. */
function open() {
  let now = 0;
  const calls: { answer: (answer: Answer) => void; signal: AbortSignal }[] = [];
  const heldPolls = createHeldPolls({ now: () => now });
  const admission = {
    attend: (_: unknown, signal: AbortSignal) => {
      const { promise, resolve } = Promise.withResolvers<Answer>();
      calls.push({ answer: resolve, signal });
      return promise;
    },
  };
  const attendance = createAttendance({ admission, heldPolls, now: () => now });
  const client = new AbortController();
  const hold = (waitMs = 60_000): Promise<HeldEnd> | undefined =>
    attendance.hold({ queryId: 'q', secretHash: () => new Uint8Array(32) }, client.signal, waitMs);
  /** So many polls that are answered, each after a pause. */
  const pollsOn = (polls: number, pauseMs: number) => {
    for (let poll = 0; poll < polls; poll++) {
      void hold();
      now += 1_000;
      attendance.waits('q');
      now += pauseMs;
    }
  };
  const pass = (ms: number) => {
    now += ms;
  };
  return { attendance, heldPolls, calls, client, hold, pollsOn, pass };
}

test('one call stands for the polls of a client that has come back at once a few times', async () => {
  const { calls, hold, pollsOn, heldPolls } = open();
  pollsOn(3, 5);
  expect(calls).toHaveLength(0);
  const first = hold(20);
  expect([calls.length, heldPolls.count()]).toEqual([1, 1]);
  expect([await first, heldPolls.count()]).toEqual(['over', 0]);
  expect(await hold(20)).toBe('over');
  expect(calls).toHaveLength(1);
  expect(calls[0]?.signal.aborted).toBe(false);
});

test('a client that pauses between its polls is not attended', () => {
  const { calls, pollsOn } = open();
  pollsOn(10, 500);
  expect(calls).toHaveLength(0);
});

test('a change ends all polls that are held, and so does a gatewayserver that does not answer or does not know the call', async () => {
  const { calls, hold, pollsOn, pass } = open();
  pollsOn(3, 5);
  const both = [hold(), hold()];
  calls[0]?.answer({ changed: true, queuedMs: 4_000 });
  expect(await Promise.all(both)).toEqual(['changed', 'changed']);
  const next = hold();
  expect(calls).toHaveLength(2);
  calls[1]?.answer(undefined);
  expect(await next).toBe('changed');
  pollsOn(1, 5);
  expect(hold()).toBeUndefined();
  pass(5_000);
  pollsOn(4, 5);
  expect(calls).toHaveLength(3);
});

test('a call that is over is repeated while a poll is held, unless it was answered too early', async () => {
  const { calls, heldPolls, hold, pollsOn, pass } = open();
  pollsOn(3, 5);
  const poll = hold();
  pass(10_000);
  calls[0]?.answer({ changed: false, queuedMs: 14_000 });
  await new Promise(setImmediate);
  expect(calls).toHaveLength(2);
  expect(heldPolls.queuedMs('q')).toBe(14_000);
  calls[1]?.answer({ changed: false, queuedMs: 14_001 });
  expect(await poll).toBe('changed');
});

test('a client that does not come back is given up, and one that hangs up at once; a stop answers all', async () => {
  const lost = open();
  lost.pollsOn(3, 5);
  expect(await lost.hold(20)).toBe('over');
  const ended = Promise.withResolvers<void>();
  lost.calls[0]?.signal.addEventListener('abort', () => ended.resolve());
  await ended.promise;

  const left = open();
  left.pollsOn(3, 5);
  const poll = left.hold();
  left.client.abort();
  expect([await poll, left.calls[0]?.signal.aborted]).toEqual(['gone', true]);

  const stopped = open();
  stopped.pollsOn(3, 5);
  const held = stopped.hold();
  stopped.heldPolls.stop();
  expect([await held, stopped.hold(20)]).toEqual(['over', undefined]);
});
