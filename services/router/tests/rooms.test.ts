import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

type Row = {
  includes: string[];
  linter: { rules: { style?: { noRestrictedImports?: { options: { patterns: { group: string[] }[] } } } } };
};

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const rooms = readdirSync(at('../src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const { overrides } = JSON.parse(readFileSync(at('../../../biome.json'), 'utf8')) as { overrides: Row[] };

/** The rooms that a room's lint row lets it import from; undefined without a row. */
function allowed(room: string): string[] | undefined {
  const row = overrides.find(({ includes }) => includes.includes(`services/router/src/${room}/**`));
  const patterns = row?.linter.rules.style?.noRestrictedImports?.options.patterns ?? [];
  const group = patterns.find((pattern) => pattern.group[0] === '../**')?.group;
  return group?.slice(1).map((exception) => exception.replace(/^!\.\.\/(.*)\/\*\*$/, '$1'));
}

test.each(rooms)('%s has a lint row that says what it may import', (room) => {
  expect(allowed(room)).toBeDefined();
  expect(rooms).toEqual(expect.arrayContaining(allowed(room) ?? []));
});

test('no two rooms may import from each other, by any way round', () => {
  const reachable = (room: string, seen = new Set<string>()): Set<string> => {
    for (const below of allowed(room) ?? []) if (!seen.has(below)) reachable(below, seen.add(below));
    return seen;
  };
  expect(rooms.filter((room) => reachable(room).has(room))).toEqual([]);
});

test('a room has at most fifteen files, tests apart', () => {
  const sizes = rooms.map(
    (room) => readdirSync(at(`../src/${room}`)).filter((name) => !name.endsWith('.test.ts')).length,
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(15);
});
