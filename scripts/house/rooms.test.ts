import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

// The plan of the services: rooms, and lint rows that say which way imports run between them.

type Row = {
  includes: string[];
  linter: { rules: { style?: { noRestrictedImports?: { options: { patterns: { group: string[] }[] } } } } };
};

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { overrides } = JSON.parse(readFileSync(at('biome.json'), 'utf8')) as { overrides: Row[] };

const roomsOf = (house: string) =>
  readdirSync(at(house), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

/** The rooms that a room's lint row lets it import from; undefined without a row. */
function allowed(house: string, room: string): string[] | undefined {
  const row = overrides.find(({ includes }) => includes.includes(`${house}/${room}/**`));
  const patterns = row?.linter.rules.style?.noRestrictedImports?.options.patterns ?? [];
  const group = patterns.find((pattern) => pattern.group[0] === '../**')?.group;
  return group?.flatMap((exception) => /^!\.\.\/([^*]*)\/\*\*$/.exec(exception)?.[1] ?? []);
}

describe.each(['services/router/src', 'services/gatewayserver/src'])('%s', (house) => {
  const rooms = roomsOf(house);

  test.each(rooms)('%s has a lint row that says what it may import', (room) => {
    expect(allowed(house, room)).toBeDefined();
    expect(rooms).toEqual(expect.arrayContaining(allowed(house, room) ?? []));
  });

  test('no two rooms may import from each other, by any way round', () => {
    const reachable = (room: string, seen = new Set<string>()): Set<string> => {
      for (const below of allowed(house, room) ?? []) if (!seen.has(below)) reachable(below, seen.add(below));
      return seen;
    };
    expect(rooms.filter((room) => reachable(room).has(room))).toEqual([]);
  });
});

test('a room of the router has at most fifteen files, tests apart', () => {
  const house = 'services/router/src';
  const sizes = roomsOf(house).map(
    (room) => readdirSync(at(`${house}/${room}`)).filter((name) => !name.endsWith('.test.ts')).length,
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(15);
});
