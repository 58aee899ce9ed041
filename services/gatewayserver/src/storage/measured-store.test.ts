import { expect, test } from '@jest/globals';
import type { Store } from './contract/store.ts';
import { measuredStore } from './measured-store.ts';

type Observed = [operation: string, failed: boolean];

const answering = async () => 'answer';
const failing = async () => {
  throw new Error('gone');
};

/** A store whose calls all do the same. */
function storeOf(call: () => Promise<unknown>): Store {
  const table = new Proxy({}, { get: () => call });
  return new Proxy({}, { get: (_, name) => (name === 'ping' ? call : table) }) as Store;
}

async function callAll(call: () => Promise<unknown>): Promise<Observed[]> {
  const observed: Observed[] = [];
  const store = measuredStore(storeOf(call), (operation, _, failed) => void observed.push([operation, failed]));
  for (const part of Object.values(store))
    for (const method of typeof part === 'function' ? [part] : Object.values<typeof answering>(part))
      await method().catch(() => undefined);
  return observed;
}

test('every call is observed under a name of its own, with its outcome', async () => {
  const succeeded = await callAll(answering);
  expect(succeeded).toContainEqual(['recordQueries', false]);
  expect(succeeded).toContainEqual(['changeAdmission', false]);
  expect(new Set(succeeded.map(([operation]) => operation)).size).toBe(succeeded.length);
  expect(await callAll(failing)).toEqual(succeeded.map(([operation]) => [operation, true]));
});

test('answers and failures come through as they are', async () => {
  const quiet = () => undefined;
  await expect(measuredStore(storeOf(answering), quiet).queries.get('q')).resolves.toBe('answer');
  await expect(measuredStore(storeOf(failing), quiet).queries.get('q')).rejects.toThrow('gone');
});
