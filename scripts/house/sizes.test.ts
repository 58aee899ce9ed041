import { describe, expect, test } from '@jest/globals';
import type { Source } from './folders.ts';
import { sizeProblems } from './sizes.ts';

const file = (path: string, lines: number): Source => ({ path, text: 'x\n'.repeat(lines) });
const folder = (path: string, files: number, ending = '.ts') =>
  Array.from({ length: files }, (_, number) => file(`${path}/f${number}${ending}`, 10));

describe('a room can be taken in at a glance', () => {
  test.each<[string, Source[], string[]]>([
    ['fifteen files beside each other', folder('a', 15), []],
    ['sixteen', folder('a', 16), ['a: 16 files beside each other, at most 15']],
    ['tests of the files are not counted', [...folder('a', 15), ...folder('a', 9, '.test.ts')], []],
    ['a file of 300 lines', [file('a/b.ts', 300), ...folder('a', 9)], []],
    ['of 301', [file('a/b.ts', 301), ...folder('a', 9)], ['a/b.ts: 301 lines, at most 300']],
    ['a test of 301', [file('a/b.test.ts', 301), ...folder('a', 9)], ['a/b.test.ts: 301 lines, at most 300']],
    ['a median of 61', [file('a/b.ts', 61)], ['the median file has 61 lines, at most 60']],
    [
      'long tests do not move the median',
      [...folder('a', 2), ...folder('a/tests', 9).map((f) => ({ ...f, text: '\n'.repeat(99) }))],
      [],
    ],
  ])('%s', (_, sources, problems) => {
    expect(sizeProblems(sources)).toEqual(problems);
  });
});
