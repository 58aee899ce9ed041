import { expect, test } from '@jest/globals';
import { readPages } from './read-pages.ts';

test('pages are asked for until the limit, and no further', async () => {
  const asked: number[] = [];
  const all = Array.from({ length: 2_500 }, (_, at) => `q${at}`);
  const readPage = async ({ pageSize, pageToken }: { pageSize: number; pageToken: string }) => {
    asked.push(pageSize);
    const from = Number(pageToken || 0);
    const next = from + pageSize;
    return { items: all.slice(from, next), nextPageToken: next < all.length ? String(next) : '' };
  };
  const list = async (limit?: number) => {
    asked.length = 0;
    const { found, more } = await readPages(readPage, limit);
    return [found.length, more, [...asked]];
  };
  expect(await list(10)).toEqual([10, true, [10]]);
  expect(await list(1_500)).toEqual([1_500, true, [1_000, 500]]);
  expect(await list(9_000)).toEqual([2_500, false, [1_000, 1_000, 1_000]]);
  expect(await list()).toEqual([2_500, false, [1_000, 1_000, 1_000]]);
});
