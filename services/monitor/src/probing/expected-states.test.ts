import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { BackendSchema, ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import { createExpectedStates } from './expected-states.ts';

const HOUR_MS = 3_600_000;
const backend = (state: State) => create(BackendSchema, { id: 'one', condition: { scaling: { state } } });
const never = new AbortController().signal;

test('a cluster that is stopped, or comes or goes, may be away; all others may not', () => {
  const expected = createExpectedStates();
  const away = Object.values(State).filter((state) => {
    expected.setBackends([backend(state)]);
    return expected.mayBeAway('one');
  });
  expect(away).toEqual([State.STOPPED, State.STARTING, State.TERMINATING]);
  expect(expected.mayBeAway('unknown')).toBe(false);
});

test('a cluster that is started is probed at once, however long its next probe was away', async () => {
  const expected = createExpectedStates();
  expected.setBackends([backend(State.STOPPED)]);
  const probed = expected.untilNextProbe('one', HOUR_MS, never);
  const other = new AbortController();
  const others = expected.untilNextProbe('two', HOUR_MS, other.signal);
  expected.setBackends([backend(State.STARTING)]);
  // The second that a starting cluster is probed in, not an hour.
  await probed;
  other.abort();
  await others;
});

test('a cluster that a router cannot connect to is probed at once, and soon again while that lasts', async () => {
  const doubted = create(BackendSchema, { id: 'one', condition: { doubted: true } });
  const expected = createExpectedStates();
  expected.setBackends([]);
  const probed = expected.untilNextProbe('one', HOUR_MS, never);
  expected.setBackends([doubted]);
  await probed;
  const from = performance.now();
  // The list comes again and again: that asks for nothing new.
  const again = expected.untilNextProbe('one', HOUR_MS, never);
  expected.setBackends([doubted]);
  await again;
  expect(performance.now() - from).toBeGreaterThan(1_900);
});

test('a wait ends with the monitor', async () => {
  const stop = new AbortController();
  const expected = createExpectedStates();
  expected.setBackends([backend(State.STOPPED)]);
  const waiting = expected.untilNextProbe('one', 1, stop.signal);
  stop.abort();
  await waiting;
});
