import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isForTests, readSources } from '../house/folders.ts';

// ARCHITECTURE.md is a map: every folder and file it names is there, every folder that is there is on it, and it leads
// whoever asks where something is decided to the code that decides it.

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');

/** The folders of the trees on the page: blocks whose first line is a path, and one line for each folder below it. */
function foldersOnThePage(): string[] {
  const blocks = PAGE.matchAll(/```\n((?:packages|services)\S*)\n([^`]*)```/g);
  return [...blocks].flatMap(([, root = '', block = '']) => {
    const path = [root];
    return [...block.matchAll(/^( *)([a-z0-9-/]+)\/ +\S/gm)].map(([, indent = '', name = '']) => {
      path.length = 1 + indent.length / 2;
      path.push(name);
      return path.join('/');
    });
  });
}

const houses = ['services/router/src/', 'services/gatewayserver/src/', 'services/monitor/src/'];

test('every folder of the trees is there, and every folder that is there is on a tree', () => {
  const onPage = foldersOnThePage();
  const onDisk = new Set(
    readSources(ROOT)
      .map(({ path }) => path)
      .filter(
        (path) => !isForTests(path) && (houses.some((house) => path.startsWith(house)) || path.startsWith('packages/')),
      )
      .map((path) => dirname(path))
      .filter((folder) => !/^(services|packages)\/[^/]+\/src$/.test(folder)),
  );
  expect([...onDisk].filter((folder) => !onPage.includes(folder))).toEqual([]);
  expect(onPage.filter((folder) => !existsSync(join(ROOT, folder)))).toEqual([]);
});

test('every file that is named is there', () => {
  const files = [...PAGE.matchAll(/`((?:services|packages|scripts|proto|deploy|bench|docs)\/[^`\s*]+\.[a-z]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(files.length).toBeGreaterThan(40);
  expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

/** A question, words of the row that answers it, and what the file of that row must define. */
const QUESTIONS: [question: string, row: RegExp, decides: string][] = [
  ['to which group does a query go?', /to this group/, 'decide'],
  ['which backend of a group gets it?', /of a group this backend/, 'choose'],
  ['does a backend take queries now?', /backend is available/, 'assess'],
  ['does a query have to wait?', /has to wait/, 'admit'],
  ['who of those that wait is next?', /is next/, 'nextOffer'],
  ['must a client authenticate?', /must authenticate/, 'requireAuthentication'],
  ['may a statement be given to another cluster?', /another cluster/, 'attempt'],
  ['to which coordinator does a poll go?', /poll goes/, 'createOwnership'],
  ['from which coordinator does a spooled segment come?', /spooled segment/, 'spooled'],
  ['is a backend healthy?', /is healthy/, 'assessHealth'],
  ['is a slot free again?', /slot is free/, 'classifyLeases'],
  ['what may change a row of the history?', /row of the history/, 'mergeStatement'],
];

describe('it leads whoever asks where something is decided to the code that decides it', () => {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('|'));

  test.each(QUESTIONS)('%s', (_, words, decides) => {
    const row = rows.filter((line) => words.test(line.split('|')[1] ?? ''));
    expect(row).toHaveLength(1);
    const file = /`([^`]+\.ts)`/.exec(row[0] ?? '')?.[1] ?? '';
    expect(readFileSync(join(ROOT, file), 'utf8')).toMatch(
      new RegExp(`export (?:async )?(?:function|const|class) ${decides}\\b`),
    );
  });
});
