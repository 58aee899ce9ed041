import { expect, test } from '@jest/globals';
import { type LogEntry, type LogFormat, logLine } from './log-line.ts';

const NOW = new Date('2026-11-21T08:08:08.123Z');
const line = (format: LogFormat, message: string, fields: LogEntry['fields'] = {}) =>
  logLine(format, { level: 'warn', service: 'router', message, fields }, NOW);

test('a JSON line has the time first, then level, service, message and fields', () => {
  expect(line('json', 'a backend is down', { backend: 'blue', tries: 2 })).toBe(
    '{"timestamp":"2026-11-21T08:08:08.123Z","level":"warn","service":"router","message":"a backend is down","backend":"blue","tries":2}',
  );
});

test('a text line has the same, for people', () => {
  expect(line('text', 'a backend is down', { backend: 'blue', reason: 'no answer', gone: undefined, at: [1, 2] })).toBe(
    '2026-11-21T08:08:08.123Z WARN  router a backend is down backend=blue reason="no answer" at=[1,2]',
  );
});

const circle: Record<string, unknown> = {};
circle.self = circle;
test.each<[string, unknown]>([
  ['a line end', 'one\ntwo\r\nthree\u2028four\u0085five'],
  ['the escape of a terminal', '\u001b[2Jgone'],
  ['a quote', 'say "no" level=error'],
  ['an equals sign', 'a=b'],
  ['a bigint', 2n ** 64n],
  ['a circle', circle],
  ['nothing', undefined],
  ['a function', () => 1],
])('%s in a field stays in its field', (_what, value) => {
  for (const format of ['json', 'text'] as const) {
    const written = line(format, `odd ${typeof value === 'string' ? value : ''}`, { value });
    expect(written).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    if (format === 'json') expect(JSON.parse(written)).toMatchObject({ level: 'warn', service: 'router' });
    else expect(written).toMatch(/^2026-11-21T08:08:08\.123Z WARN {2}router odd /);
  }
});
