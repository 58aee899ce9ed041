import { describe, expect, test } from '@jest/globals';
import { circleProblems, lineProblems } from './arrows.ts';
import type { Source } from './folders.ts';

const file = (path: string, ...imports: string[]): Source => ({
  path,
  text: imports.map((from) => `import { a } from '${from}';\n`).join(''),
});

const submit = file('services/router/src/submit/submit.ts');
const line = (folder: string) => ({ folder });

describe('a folder has a line of its own that says what it may import', () => {
  const missing = ['services/router/src/submit: no line in scripts/house/rooms.yaml says what it may import'];

  test.each<[string, Source[], { folder: string }[], string[]]>([
    ['with a line', [submit], [line('services/router/src/submit')], []],
    ['without one', [submit], [], missing],
    [
      'a folder within another one, too',
      [submit, file('services/router/src/submit/bound/one.ts')],
      [line('services/router/src/submit')],
      ['services/router/src/submit/bound: no line in scripts/house/rooms.yaml says what it may import'],
    ],
    [
      'and no line is about a folder that was moved',
      [submit],
      [line('services/router/src/submit'), line('services/router/src/place')],
      ['scripts/house/rooms.yaml: there is no folder services/router/src/place'],
    ],
    ['the top of a service needs none', [file('services/router/src/server.ts')], [], []],
    ['nor does a folder of tests', [file('services/router/tests/support/bed.ts')], [], []],
  ])('%s', (_, sources, rooms, problems) => {
    expect(lineProblems(sources, rooms)).toEqual(problems);
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
