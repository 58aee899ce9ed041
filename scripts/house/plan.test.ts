import { expect, test } from '@jest/globals';
import { lintRows, roomsOf } from './plan.ts';

test('a line becomes a lint row that forbids all other folders', () => {
  const rooms = roomsOf([
    {
      in: 'services/router/src',
      never: { imports: ['http-proxy'], because: 'ui/proxy.ts alone imports it' },
      folders: { queue: ['dispatch', 'http/exchange.ts'], 'queue/pages': ['queue/*.ts', 'limits'] },
    },
  ]);
  const patterns = lintRows(rooms).overrides.map(({ includes, linter }) => [
    includes,
    linter.rules.style.noRestrictedImports.options.patterns.map(({ group }) => group),
  ]);
  expect(patterns).toEqual([
    [
      ['services/router/src/queue/**', '!**/*.test.ts'],
      [['../**', '!../dispatch/**', '!../http/exchange.ts'], ['http-proxy']],
    ],
    [
      ['services/router/src/queue/pages/**', '!**/*.test.ts'],
      [['../**', '!../*.ts', '!../../limits/**'], ['http-proxy']],
    ],
  ]);
});

test('the row of an inner folder comes after that of the outer one, which it replaces', () => {
  const rooms = roomsOf([{ in: 'a', folders: { 'b/c': [], b: [] } }]);
  expect(lintRows(rooms).overrides.map(({ includes }) => includes[0])).toEqual(['a/b/**', 'a/b/c/**']);
});
