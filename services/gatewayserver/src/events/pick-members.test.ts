import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Members, pickMembers } from './pick-members.ts';

const WANTED: Members = { a: true, b: { a: true, c: { a: true } }, 'ü"\\': true };
const pick = (text: string) => pickMembers(Buffer.from(text), WANTED);

/** The same by way of the whole value. */
function expected(value: unknown, members: Members): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value as object)) {
    const wish = Object.hasOwn(members, name) ? members[name] : undefined;
    if (wish === true) picked[name] = member;
    else if (wish && typeof member === 'object' && member !== null && !Array.isArray(member))
      picked[name] = expected(member, wish);
  }
  return picked;
}

const names = fc.oneof(fc.constantFrom('a', 'b', 'c', 'ü"\\', 'toString'), fc.string());
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.jsonValue({ maxDepth: 1 }),
    fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'ü', '🦆', '\n', 'x') }),
    fc.dictionary(names, tie('value'), { noNullPrototype: true }),
  ),
}));

test('the members that are read equal those of the whole value, however it is written', () => {
  const anyObject = fc.dictionary(names, anyValue, { noNullPrototype: true });
  const property = fc.property(anyObject, fc.constantFrom('', ' ', '\t'), (object, indent) => {
    const text = JSON.stringify(object, null, indent);
    expect(pick(`${indent}${text}\n`)).toEqual(expected(JSON.parse(text), WANTED));
  });
  fc.assert(property, { numRuns: 500 });
});

test.each([
  '',
  ' ',
  'null',
  '7',
  '"a"',
  '[]',
  '{',
  '{"a"',
  '{"a":',
  '{"a":}',
  '{"a":1',
  '{"a":1,',
  '{"a":1,}',
  '{"a":1 "b":2}',
  '{a:1}',
  '{"a":nonsense}',
  '{"x":[1,{"y":"]}',
  '{"x":"\\"}',
  '{"b":{"a":1}',
  '{"a":1}}',
  '{"a":1}{"a":2}',
])('a text that is not an object is refused: %s', (text) => {
  expect(() => pick(text)).toThrow(SyntaxError);
});
