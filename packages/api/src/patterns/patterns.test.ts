import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern, patternProblem } from './index.ts';

test.each([
  ['etl_.*', ['etl_a', 'etl_'], ['etl', 'my_etl_a', 'ETL_a']],
  ['^etl$', ['etl'], ['etls', ' etl']],
  ['a|bc|', ['a', 'bc', ''], ['b', 'abc']],
  ['(svc-)?[a-z]{2,3}\\d+', ['svc-ab1', 'abc42'], ['a1', 'svc-abcd1', 'svc-ab']],
  ['[^@]+@example\\.com', ['ann@example.com'], ['ann@exampleXcom', '@example.com', 'a@b@example.com']],
  ['(?:a|b)*c', ['c', 'abbac'], ['ab', 'cab']],
  ['x{3}', ['xxx'], ['xx', 'xxxx']],
  ['x{2,}', ['xx', 'xxxxx'], ['x']],
  ['.', ['ü', '😀', '\n'], ['', 'ab']],
  ['[]a-]', [']', 'a', '-'], ['b']],
  ['[\\w.]+', ['a_1.B'], ['a b']],
  ['\\S+\\s\\D\\W', ['a b.'], ['a 1.']],
  ['a+?b*?', ['a', 'aab'], ['b']],
  ['łódź', ['łódź'], ['lodz']],
] as [string, string[], string[]][])('%s matches the whole of %j, and nothing of %j', (pattern, good, bad) => {
  expect(patternProblem(pattern)).toBeUndefined();
  const matches = compilePattern(pattern);
  expect(good.filter((text) => !matches(text))).toEqual([]);
  expect(bad.filter((text) => matches(text))).toEqual([]);
});

test.each([
  ['', '1 to 200 characters, got 0'],
  ['x'.repeat(201), '1 to 200 characters, got 201'],
  ['a(b', 'expected ) at character 4'],
  ['a)b', 'a ) without its ( at character 2'],
  ['*a', 'nothing to repeat at character 1'],
  ['a**', 'a repetition of a repetition at character 3'],
  ['a{2,1}', 'more at least than at most'],
  ['a{1', 'expected }'],
  ['a{x}', 'expected a number at character 3'],
  ['a{1001}', 'more than 1000 repetitions'],
  ['[a', 'the pattern ends too early'],
  ['[b-a]', 'a range that ends before it begins'],
  ['[[:alpha:]]', 'no named classes'],
  ['(?=a)', 'only (?: is understood'],
  ['(?<!a)b', 'only (?: is understood'],
  ['(a)\\1', '\\1 is not understood'],
  ['\\bx', '\\b is not understood'],
  ['\\p{L}', '\\p is not understood'],
  ['a\\', 'the pattern ends too early'],
  ['a^b', '^ within a pattern'],
  ['a$b', '$ within a pattern'],
  ['(a{100}){100}', 'repetitions are too many'],
  ['(((()){1000}){1000}){1000}', 'repetitions are too many'],
  ['(('.repeat(15), 'groups more than 20 deep'],
])('%s is refused with its place', (pattern, why) => expect(patternProblem(pattern)).toContain(why));

test('what makes other engines go back and forth for ages is decided at once', () => {
  const began = performance.now();
  for (const pattern of ['(a*)*b', '(a+)+b', '(a|a)*b', '(a|aa)+b', '(.*a){20}b', '((a?){30}){10}'])
    expect(compilePattern(pattern)('a'.repeat(999))).toBe(false);
  expect(performance.now() - began).toBeLessThan(2_000);
});

test('a text of more than 1,000 characters matches nothing', () => {
  expect(compilePattern('.*')('x'.repeat(1_000))).toBe(true);
  expect(compilePattern('.*')('x'.repeat(1_001))).toBe(false);
});

test('it agrees with the engine of the language', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', 'c');
  const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 3 },
      atom,
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}${b}`),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
      fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}')).map(([a, times]) => `(${a})${times}`),
    ),
  }));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (one, subject) => {
      expect(compilePattern(one)(subject)).toBe(new RegExp(`^(?:${one})$`, 's').test(subject));
    }),
    { numRuns: 500 },
  );
});

test('any text is a pattern, or is refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void patternProblem(text)));
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'()[]{}*+?|\\^$-.,1a') }), (text) => void patternProblem(text)),
  );
});
