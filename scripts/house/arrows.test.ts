import { describe, expect, test } from '@jest/globals';
import { circleProblems, type LintRow, rowProblems } from './arrows.ts';
import type { Source } from './folders.ts';

const file = (path: string, ...imports: string[]): Source => ({
  path,
  text: imports.map((from) => `import { a } from '${from}';\n`).join(''),
});

const row = (...includes: string[]): LintRow => ({
  includes,
  linter: { rules: { style: { noRestrictedImports: { options: { patterns: [{ group: ['../**'] }] } } } } },
});

const submit = file('services/router/src/submit/submit.ts');

describe('a folder has a lint row of its own that says what it may import', () => {
  test.each<[string, Source[], LintRow[], string[]]>([
    ['with a row', [submit], [row('services/router/src/submit/**', '!**/*.test.ts')], []],
    ['without one', [submit], [], ['services/router/src/submit: no lint row in biome.json says what it may import']],
    [
      'when only the folder above has one',
      [submit],
      [row('services/router/src/**')],
      ['services/router/src/submit: no lint row in biome.json says what it may import'],
    ],
    [
      'when its row limits nothing',
      [submit],
      [{ includes: ['services/router/src/submit/**'], linter: { rules: {} } }],
      ['services/router/src/submit: no lint row in biome.json says what it may import'],
    ],
    [
      'when a row is about a folder that was moved',
      [submit],
      [row('services/router/src/submit/**'), row('services/router/src/place/**')],
      ['biome.json: a lint row is about services/router/src/place, which is not there'],
    ],
    ['but the top of a service needs none', [file('services/router/src/server.ts')], [], []],
    ['nor does a folder of tests', [file('services/router/tests/support/bed.ts')], [], []],
  ])('%s', (_, sources, rows, problems) => {
    expect(rowProblems(sources, rows)).toEqual(problems);
  });
});

describe('no arrow between folders leads back to where it came from', () => {
  test.each<[string, Source[], string[]]>([
    ['downwards', [file('a/one.ts', '../b/two.ts'), file('b/two.ts', '../c/three.ts'), file('c/three.ts')], []],
    ['within one folder', [file('a/one.ts', './two.ts'), file('a/two.ts', './one.ts')], []],
    [
      'two that import each other',
      [file('a/one.ts', '../b/two.ts'), file('b/two.ts'), file('b/three.ts', '../a/four.ts'), file('a/four.ts')],
      ['a imports from b, which leads back to it', 'b imports from a, which leads back to it'],
    ],
    [
      'three in a circle',
      [file('a/one.ts', '../b/one.ts'), file('b/one.ts', '../c/one.ts'), file('c/one.ts', '../a/two.ts')],
      [
        'a imports from b, which leads back to it',
        'b imports from c, which leads back to it',
        'c imports from a, which leads back to it',
      ],
    ],
    [
      'a room that imports from the hall above it',
      [file('a/top.ts', './room/one.ts'), file('a/room/one.ts', '../types.ts')],
      ['a imports from a/room, which leads back to it', 'a/room imports from a, which leads back to it'],
    ],
    ['tests may', [file('a/one.ts', '../b/two.ts'), file('b/two.test.ts', '../a/one.ts')], []],
  ])('%s', (_, sources, problems) => {
    expect(circleProblems(sources)).toEqual(problems);
  });
});
