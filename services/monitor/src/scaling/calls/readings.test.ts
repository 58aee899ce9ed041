import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { BackendSchema, Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import { createReadings } from './readings.ts';

const backend = (id = 'one') =>
  create(BackendSchema, { id, scaler: { kind: { case: 'webhook', value: { url: 'http://a' } } } });
const still = { isMoving: false, healthy: true };
const moving = { isMoving: true, healthy: true };

/** Readings with a clock that a test moves, of scalers that answer when the test says so. */
function testReadings() {
  let now = 0;
  const asked: { id: string; answer: PromiseWithResolvers<State> }[] = [];
  const readings = createReadings({
    now: () => now,
    read: ({ id }) => {
      const answer = Promise.withResolvers<State>();
      asked.push({ id, answer });
      return answer.promise;
    },
  });
  return {
    readings,
    asked,
    after: (ms: number) => {
      now += ms;
    },
    answer: async (state: State | Error) => {
      const { answer } = asked.at(-1) ?? {};
      if (state instanceof Error) answer?.reject(state);
      else answer?.resolve(state);
      await new Promise(setImmediate);
    },
  };
}

test('a target that does not change is asked once a minute, however often somebody looks', async () => {
  const { readings, asked, after, answer } = testReadings();
  const one = backend();
  readings.refresh(one, still);
  await new Promise(setImmediate);
  await answer(State.RUNNING);
  for (let second = 0; second < 600; second++) {
    after(1_000);
    readings.refresh(one, still);
    await new Promise(setImmediate);
    if (asked.length > 1) await answer(State.RUNNING);
  }
  expect(asked).toHaveLength(11);
});

test.each([
  ['that comes or goes is asked every two seconds', still, moving, 2_000],
  ['whose probes say something else is asked within two seconds', still, { isMoving: false, healthy: false }, 2_000],
  ['that stays is asked after a minute', still, still, 60_000],
])('a target %s', async (_, before, then, ms) => {
  const { readings, asked, after, answer } = testReadings();
  const one = backend();
  readings.refresh(one, before);
  await new Promise(setImmediate);
  await answer(State.RUNNING);
  after(ms - 1);
  readings.refresh(one, then);
  await new Promise(setImmediate);
  expect(asked).toHaveLength(1);
  after(1);
  readings.refresh(one, then);
  await new Promise(setImmediate);
  expect(asked).toHaveLength(2);
});

test('a scaler that hangs is asked once, and others are asked meanwhile', async () => {
  const { readings, asked, after } = testReadings();
  const one = backend();
  for (let times = 0; times < 5; times++) {
    readings.refresh(one, moving);
    after(100_000);
  }
  readings.refresh(backend('two'), moving);
  await new Promise(setImmediate);
  expect(asked.map(({ id }) => id)).toEqual(['one', 'two']);
  expect(readings.of('one')).toBeUndefined();
});

test('what a scaler does not say is unspecified, with the reason, and asked again after ten seconds', async () => {
  const { readings, asked, after, answer } = testReadings();
  const one = backend();
  readings.refresh(one, moving);
  await new Promise(setImmediate);
  await answer(new Error('forbidden'));
  expect(readings.of('one')).toEqual({ observed: State.STATE_UNSPECIFIED, problem: 'forbidden', at: 0 });
  after(9_999);
  readings.refresh(one, moving);
  await new Promise(setImmediate);
  expect(asked).toHaveLength(1);
  after(1);
  readings.refresh(one, moving);
  await new Promise(setImmediate);
  await answer(State.STOPPED);
  expect(readings.of('one')).toEqual({ observed: State.STOPPED, problem: '', at: 10_000 });
});

test('another scaler of a backend is asked at once, and what the last one said no longer counts', async () => {
  const { readings, asked, answer } = testReadings();
  readings.refresh(backend(), still);
  await new Promise(setImmediate);
  await answer(State.RUNNING);
  readings.refresh(backend(), still);
  await new Promise(setImmediate);
  expect(asked).toHaveLength(2);
  expect(readings.of('one')).toBeUndefined();
  readings.keepOnly(new Set(['two']));
  await answer(State.STOPPED);
  expect(readings.of('one')).toBeUndefined();
});
