import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders as Setting, SnapshotBackendSchema } from '@trino-gateway/api/gateway';
import type { Incarnation } from './coordinator.ts';
import { createOwnership } from './ownership.ts';

const backend = (id: string, url = `http://${id}:8080`, forwardedHeaders: Setting = Setting.AUTO) =>
  create(SnapshotBackendSchema, { id, url, forwardedHeaders });
const coordinator = (backendId: string, url = `http://${backendId}:8080`) => ({
  backendId,
  url,
  forwardedHeaders: Setting.AUTO,
});
const incarnation = (suffix: string, backendId: string, url?: string): Incarnation => ({
  suffix,
  ...coordinator(backendId, url),
});
const query = (suffix: string) => `20261121_080808_00130_${suffix}`;

test('a query id belongs to the coordinator whose submission answer was seen', () => {
  const table = createOwnership();
  expect(table.owners(query('93wed'))).toEqual([]);
  expect(table.learn(query('93wed'), coordinator('a'))).toBe(true);
  expect(table.learn(query('93wed'), coordinator('a'))).toBe(false);
  expect(table.owners('20261122_000000_00001_93wed')).toEqual([coordinator('a')]);
});

test('a backend that moved, was disabled or deleted keeps its old queries', () => {
  const table = createOwnership();
  table.replace([backend('a', 'http://old:1')], [incarnation('aaaaa', 'a', 'http://old:1')]);
  table.replace([backend('a', 'http://new:1')], [incarnation('aaaaa', 'a', 'http://old:1')]);
  expect(table.owners(query('aaaaa'))).toEqual([coordinator('a', 'http://old:1')]);
  expect(table.candidates().map(({ url }) => url)).toEqual(['http://new:1', 'http://old:1']);
  table.replace([], [incarnation('aaaaa', 'a', 'http://old:1')]);
  expect(table.owners(query('aaaaa'))).toEqual([coordinator('a', 'http://old:1')]);
});

test('a snapshot keeps incarnations that were learnt here and are not in it yet', () => {
  const table = createOwnership();
  table.replace([backend('a')], []);
  table.learn(query('fresh'), coordinator('a'));
  table.replace([backend('a')], [incarnation('other', 'a')]);
  expect(table.owners(query('fresh'))).toEqual([coordinator('a')]);
  expect(table.ownIncarnations()).toHaveLength(1);
  table.replace([backend('a')], [incarnation('fresh', 'a')]);
  expect(table.ownIncarnations()).toEqual([]);
  table.replace([backend('a')], []);
  expect(table.owners(query('fresh'))).toEqual([]);
});

test('the same suffix at two addresses is ambiguous, at one address it is not', () => {
  const table = createOwnership();
  table.replace([backend('a'), backend('b')], [incarnation('twins', 'a'), incarnation('twins', 'b')]);
  expect(table.owners(query('twins')).map(({ backendId }) => backendId)).toEqual(['a', 'b']);
  table.replace([backend('a')], [incarnation('twins', 'a'), incarnation('twins', 'b', 'http://a:8080')]);
  expect(table.owners(query('twins'))).toHaveLength(1);
});

test('every address is asked once for an unknown id', () => {
  const table = createOwnership();
  table.replace(
    [backend('a'), backend('same', 'http://a:8080'), backend('b')],
    [incarnation('aaaaa', 'a'), incarnation('bbbbb', 'x')],
  );
  expect(table.candidates().map(({ url }) => url)).toEqual(['http://a:8080', 'http://b:8080', 'http://x:8080']);
  expect(table.candidates()).toBe(table.candidates());
});

test('an old incarnation at an address still in use follows the setting of its backend', () => {
  const table = createOwnership();
  table.replace([backend('a', undefined, Setting.OMIT)], [incarnation('aaaaa', 'a')]);
  expect(table.owners(query('aaaaa'))[0]?.forwardedHeaders).toBe(Setting.OMIT);
});

test('malformed ids and temporary ids belong to no coordinator, and teach no suffix', () => {
  const table = createOwnership();
  for (const id of ['', 'nonsense', query('0abcd'), query('TOOBIG'), `${query('aaaaa')}x`]) {
    expect(table.learn(id, coordinator('a'))).toBe(false);
    expect(table.owners(id)).toEqual([]);
  }
});

test('known suffixes that are asked for are reported, once, and again when the report failed', () => {
  const table = createOwnership();
  table.learn(query('aaaaa'), coordinator('a'));
  table.owners(query('aaaaa'));
  table.owners(query('zzzzz'));
  const used = table.takeUsedSuffixes();
  expect(used).toEqual(['aaaaa']);
  expect(table.takeUsedSuffixes()).toEqual([]);
  table.returnUsedSuffixes(used);
  expect(table.takeUsedSuffixes()).toEqual(['aaaaa']);
});

test('coordinators that restart without end do not fill the memory', () => {
  const table = createOwnership();
  const digits = 'abcdefghij';
  const suffix = (n: number) => [...String(n).padStart(5, '0')].map((digit) => digits[Number(digit)]).join('');
  for (let n = 0; n < 10_005; n++) table.learn(query(suffix(n)), coordinator('a'));
  expect(table.ownIncarnations()).toHaveLength(10_000);
  expect(table.owners(query(suffix(0)))).toEqual([]);
  expect(table.owners(query(suffix(10_004)))).toEqual([coordinator('a')]);
});
