import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';
import { type SupervisorOptions, startSupervisor } from './supervisor.ts';

type Events = Parameters<SupervisorOptions['start']>[1];

function bed(size: number, timings: SupervisorOptions['timings'] = {}) {
  const started: { number: number; events: Events; did: string[] }[] = [];
  const errors: unknown[] = [];
  const supervisor = startSupervisor({
    size,
    start: (number, events) => {
      const did: string[] = [];
      started.push({ number, events, did });
      return {
        pid: started.length,
        stop: () => void did.push('stop'),
        ping: () => void did.push('ping'),
        kill: () => void did.push('kill'),
      };
    },
    logger: { ...silentLogger, error: (_, fields) => void errors.push(fields) },
    timings: { firstPauseMs: 40, longestPauseMs: 40, ...timings },
  });
  const die = (at: number) => started[at]?.events.onEnded({ code: null, signal: 'SIGKILL' });
  return { supervisor, started, errors, die };
}

const numbers = (started: readonly { number: number }[]) => started.map(({ number }) => number);

test('one that ends is followed at once by another one with its number; one that ends soon again after a pause', async () => {
  const { supervisor, started, errors, die } = bed(2);
  for (const { events } of [...started]) events.onServing();
  await supervisor.begun;
  expect(supervisor.serving()).toBe(2);
  die(0);
  expect(supervisor.serving()).toBe(1);
  await until('another one', () => started.length === 3);
  expect(numbers(started)).toEqual([1, 2, 1]);
  expect(errors[0]).toMatchObject({ worker: 1, signal: 'SIGKILL', startsInMs: 0 });
  started[2]?.events.onServing();
  die(2);
  expect(errors[1]).toMatchObject({ worker: 1, startsInMs: expect.any(Number) });
  expect((errors[1] as { startsInMs: number }).startsInMs).toBeGreaterThan(10);
  await until('one more', () => started.length === 4);
  expect(supervisor.restarts()).toBe(2);
  die(1); // of another number: at once
  expect(errors[2]).toMatchObject({ worker: 2, startsInMs: 0 });
});

test('one that ends before all serve fails the start', async () => {
  const { supervisor, started, die } = bed(2);
  started[0]?.events.onServing();
  die(1);
  await expect(supervisor.begun).rejects.toThrow('worker 2 has ended before it served: killed by SIGKILL');
});

test('at the stop all are told, those that do not end are killed, and none is started any more', async () => {
  const { supervisor, started, die } = bed(3, { stopMs: 30 });
  for (const { events } of [...started]) events.onServing();
  die(2);
  const over = supervisor[Symbol.asyncDispose]();
  expect(started[0]?.did).toEqual(['stop']);
  die(0);
  await until('the kill', () => started[1]?.did.includes('kill') === true);
  die(1);
  await over;
  expect(started).toHaveLength(3);
});

test('one that answers no ping any more is killed; one that answers now and then is not', async () => {
  const { started } = bed(2, { pingEveryMs: 5, mostUnanswered: 3 });
  for (const { events } of [...started]) events.onServing();
  const answering = setInterval(() => started[1]?.events.onHeard(), 1);
  await until('the kill', () => started[0]?.did.includes('kill') === true);
  expect(started[0]?.did).toEqual(['ping', 'ping', 'ping', 'kill']);
  await until('more pings', () => (started[1]?.did.length ?? 0) > 6);
  expect(started[1]?.did).not.toContain('kill');
  clearInterval(answering);
  started[1]?.events.onEnded({ code: 0, signal: null });
});
