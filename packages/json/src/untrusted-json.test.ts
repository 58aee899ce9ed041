import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isDeepJson, MOST_JSON_DEPTH, parseUntrustedJson } from './untrusted-json.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Values whose names and texts look like JSON themselves. */
const tricky = fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', ' ', 'x', 'é', '😀', '\n') });
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    tricky,
    fc.constantFrom(1, true, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(tricky, tie('value'), { maxKeys: 4 }),
  ),
}));

test('the depth of the bytes is the depth of the value, whatever its texts and its layout', () => {
  fc.assert(
    fc.property(anyValue, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const json = Buffer.from(JSON.stringify(value, null, indent));
      const depth = depthOf(value);
      expect(isDeepJson(json, depth)).toBe(false);
      if (depth > 0) expect(isDeepJson(json, depth - 1)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('JSON whose bytes are shallow parses to a shallow value, even when it is damaged', () => {
  fc.assert(
    fc.property(anyValue, fc.nat(), fc.constantFrom('"', '\\', '[', '{', ']', '}', ''), (value, at, damage) => {
      const whole = JSON.stringify(value);
      const place = at % (whole.length + 1);
      const json = whole.slice(0, place) + damage + whole.slice(place + 1);
      let parsed: unknown;
      try {
        parsed = JSON.parse(json);
      } catch {
        return;
      }
      const depth = depthOf(parsed);
      expect(isDeepJson(Buffer.from(json), depth)).toBe(false);
      if (depth > 0) expect(isDeepJson(Buffer.from(json), depth - 1)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('JSON that is nested too deep is not parsed, whether it is whole or not', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  expect(depthOf(parseUntrustedJson(nested(MOST_JSON_DEPTH)))).toBe(MOST_JSON_DEPTH);
  for (const text of [nested(MOST_JSON_DEPTH + 1), '[{"a":'.repeat(100_000), nested(1_000_000)])
    expect(() => parseUntrustedJson(text)).toThrow('expected JSON nested at most 100 deep');
  expect(() => parseUntrustedJson('{"a"')).toThrow(SyntaxError);
});
