import { expect, test } from '@jest/globals';
import type { CallResult, ExecutorEvents, StartExecutor } from './executor.ts';
import { createLane } from './lane.ts';
import { createSupply } from './supply.ts';

type Started = { events: ExecutorEvents; calls: string[]; ended: boolean; yields: boolean };

const returned: CallResult = { kind: 'returned', text: '{}' };

function setup(options: { mostInFlight?: number; mostWaiting?: number; ready?: () => Promise<void> } = {}) {
  const { mostInFlight = 2, mostWaiting = 3, ready = () => Promise.resolve() } = options;
  const started: Started[] = [];
  const unwelcome = new Set<string>();
  const start: StartExecutor = (events) => {
    const one: Started = { events, calls: [], ended: false, yields: false };
    started.push(one);
    return {
      ready: ready(),
      mostInFlight,
      call: (request) => one.calls.push(request),
      yieldToOthers: () => {
        one.yields = true;
      },
      end: async () => {
        one.ended = true;
      },
    };
  };
  const supply = createSupply(start);
  const lane = createLane({ supply, workMs: 10, mostWaiting, yields: false, welcomes: (user) => !unwelcome.has(user) });
  const ask = (request: string, ms = 10_000) => lane.ask(`user of ${request}`, request, performance.now() + ms);
  return { started, supply, ask, unwelcome, first: started[0] as Started };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('calls wait for their turn and are answered in order', async () => {
  const { ask, first } = setup();
  const answers = ['a', 'b', 'c'].map((request) => ask(request));
  await turn();
  expect(first.calls).toEqual(['a', 'b']);
  first.events.answered({ kind: 'threw', message: 'x' });
  expect(await answers[0]).toMatchObject({ kind: 'threw', message: 'x' });
  expect(first.calls).toEqual(['a', 'b', 'c']);
  first.events.answered(returned);
  first.events.answered({ kind: 'late' });
  expect(await answers[2]).toMatchObject({ kind: 'late' });
});

test('one more executor than is used is always warm', async () => {
  const { ask, started } = setup();
  expect(started).toHaveLength(1);
  void ask('a');
  await turn();
  expect(started).toHaveLength(2);
});

test('who brings an executor down is told, the others are asked of the next one', async () => {
  const { ask, started, first } = setup();
  const answers = ['a', 'b', 'c'].map((request) => ask(request));
  await turn();
  first.events.ended('it died');
  expect(await answers[0]).toMatchObject({ kind: 'broke', message: 'it died' });
  await turn();
  expect(started[1]?.calls).toEqual(['b', 'c']);
});

test('what does not answer is ended, and counts as late', async () => {
  const { ask, started, first } = setup();
  const answers = [ask('a'), ask('b')];
  expect(await answers[0]).toMatchObject({ kind: 'late' });
  expect(first.ended).toBe(true);
  await turn();
  expect(started[1]?.calls).toEqual(['b']);
});

test('calls whose time is over while they wait are never made', async () => {
  const { ask, first } = setup({ mostInFlight: 1 });
  void ask('a');
  const late = ask('b', 0);
  await turn();
  first.events.answered(returned);
  await expect(late).rejects.toThrow('its turn did not come in time');
  expect(first.calls).toEqual(['a']);
});

test('who is no longer welcome while it waits is told so, and is not called', async () => {
  const { ask, first, unwelcome } = setup({ mostInFlight: 1 });
  const answers = [ask('a'), ask('b'), ask('c')];
  await turn();
  unwelcome.add('user of b');
  first.events.answered(returned);
  expect(await answers[1]).toMatchObject({ kind: 'unwelcome' });
  expect(first.calls).toEqual(['a', 'c']);
});

test('more than may wait are turned away at once', async () => {
  const { ask } = setup({ mostInFlight: 1, mostWaiting: 2 });
  for (const request of ['a', 'b', 'c']) void ask(request).catch(() => {});
  await expect(ask('d')).rejects.toThrow('too many queries wait for it');
});

test('a script that cannot be loaded says why, and is not started again at once', async () => {
  const { ask, started } = setup({ ready: () => Promise.reject(new Error('line 1: broken')) });
  await expect(ask('a')).rejects.toThrow('line 1: broken');
  const before = started.length;
  await expect(ask('b')).rejects.toThrow('line 1: broken');
  expect(started).toHaveLength(before);
});

test('all executors are ended with the supply', async () => {
  const { ask, started, supply } = setup();
  void ask('a').catch(() => {});
  await turn();
  await supply[Symbol.asyncDispose]();
  expect(started.map(({ ended }) => ended)).toEqual([true, true]);
});
