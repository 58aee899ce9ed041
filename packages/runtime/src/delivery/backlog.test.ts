import { expect, test } from '@jest/globals';
import { type BacklogOptions, createBacklog } from './backlog.ts';

type Item = { key: string; text: string };

const item = (key: string, text = '') => ({ key, text });

function setUp(options: Partial<BacklogOptions<Item>> = {}) {
  const backlog = createBacklog<Item>({ keyOf: ({ key }) => key, most: 100, batch: 10, ...options });
  const take = () => backlog.takeBatches(1)[0] ?? [];
  return { ...backlog, take, textsLeft: () => take().map(({ key, text }) => key + text) };
}

const joined = { merge: (older: Item, newer: Item) => item(older.key, older.text + newer.text) };

test('a newer item takes the place of what waits under its key', () => {
  const backlog = setUp();
  for (const each of [item('a', '1'), item('b'), item('a', '2')]) backlog.add(each);
  expect(backlog.textsLeft()).toEqual(['b', 'a2']);
});

test('items of one key merge where the first of them stands', () => {
  const backlog = setUp(joined);
  for (const each of [item('a', '1'), item('b'), item('a', '2')]) backlog.add(each);
  expect(backlog.textsLeft()).toEqual(['a12', 'b']);
});

test('a requeued batch comes before all that was added later', () => {
  const backlog = setUp({ batch: 2 });
  for (const key of ['a', 'b', 'c']) backlog.add(item(key));
  const batch = backlog.take();
  backlog.add(item('d'));
  backlog.requeue(batch);
  expect([backlog.textsLeft(), backlog.textsLeft()]).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
});

test('an item added while a batch was under way replaces the requeued one of its key, or merges with it', () => {
  for (const [options, left] of [
    [{}, ['b', 'a2']],
    [joined, ['a12', 'b']],
  ] as const) {
    const backlog = setUp(options);
    backlog.add(item('a', '1'));
    backlog.add(item('b'));
    const batch = backlog.take();
    backlog.add(item('a', '2'));
    backlog.requeue(batch);
    expect(backlog.textsLeft()).toEqual(left);
  }
});

test('items sent or forgotten meanwhile are not requeued', () => {
  const backlog = setUp();
  for (const key of ['a', 'b', 'c']) backlog.add(item(key));
  const batch = backlog.take();
  backlog.sent(batch.slice(0, 1));
  backlog.forget('b');
  backlog.requeue(batch);
  expect(backlog.textsLeft()).toEqual(['c']);
});

test('an item sent by itself replaces the items of its key, waiting or under way', () => {
  const backlog = setUp();
  backlog.add(item('a', '1'));
  const batch = backlog.take();
  backlog.add(item('a', '2'));
  const newest = item('a', '3');
  backlog.takeOne(newest);
  expect([backlog.waiting(), backlog.size()]).toEqual([0, 1]);
  backlog.requeue(batch);
  expect(backlog.size()).toBe(1);
  backlog.requeue([newest]);
  expect(backlog.textsLeft()).toEqual(['a3']);
});

test('batches are bounded by items and by bytes; one item may have more', () => {
  const backlog = setUp({ batch: 3, batchBytes: 10, bytesOf: ({ text }) => text.length });
  for (const [key, length] of Object.entries({ a: 6, b: 4, c: 1, d: 11, e: 0, f: 0, g: 0, h: 0 }))
    backlog.add(item(key, 'x'.repeat(length)));
  const batches = backlog.takeBatches(10).map((batch) => batch.map(({ key }) => key).join(''));
  expect(batches).toEqual(['ab', 'c', 'd', 'efg', 'h']);
});

test('the oldest makes room; where it may not, the new one is not taken, but for one of the same key', () => {
  const backlog = setUp({ most: 2, displaces: ({ text }) => text !== 'weak' });
  backlog.add(item('a'));
  backlog.add(item('b'));
  expect(backlog.add(item('c', 'weak'))).toBe(false);
  expect(backlog.add(item('b', 'weak'))).toBe(true);
  expect(backlog.add(item('d'))).toBe(true);
  expect([backlog.dropped(), backlog.textsLeft()]).toEqual([2, ['bweak', 'd']]);
  backlog.put(item('e', 'weak'));
  expect(backlog.size()).toBe(3);
});
