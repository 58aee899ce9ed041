import { expect, test } from '@jest/globals';
import { clusterLoad } from './cluster-load.ts';

test.each([
  ['nothing runs', {}, 0, 0, 0],
  ['one running query', { RUNNING: 1 }, 2, 1, 0],
  ['every state that uses the cluster', { RUNNING: 1, PLANNING: 2, FINISHING: 3, DISPATCHING: 4 }, 20, 10, 0],
  ['every state that waits', { QUEUED: 2, STARTING: 1, WAITING_FOR_RESOURCES: 3 }, 2, 0, 6],
  ['both', { RUNNING: 3, QUEUED: 4 }, 6 + 4 / 3, 3, 4],
  ['ended and unknown states', { FINISHED: 50, FAILED: 7, DREAMING: 3 }, 0, 0, 0],
])('the load of a cluster by its queries: %s', (_name, states, load, running, queued) => {
  const found = clusterLoad(new Map(Object.entries(states as Record<string, number>)));
  expect(found.load).toBeCloseTo(load);
  expect(found).toMatchObject({ running, queued });
});
