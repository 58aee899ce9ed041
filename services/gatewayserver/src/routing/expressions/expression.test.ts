import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import type { Declarations } from './check.ts';
import { compileCondition, declare } from './expression.ts';
import type { Type } from './types.ts';

const NOW = Date.UTC(2026, 1, 28, 23, 30, 15, 250); // a Saturday
const LONG = 'x'.repeat(1_000_000);

const values: Record<string, [type: Type, value: unknown]> = {
  s: ['string', 'Dash"board'],
  empty: ['string', ''],
  long: ['string', LONG],
  emoji: ['string', 'a😀b'],
  n: ['int', 7],
  b: ['bool', true],
  now: ['timestamp', NOW],
  list: [{ list: 'string' }, ['hive.raw.a', 'hive.raw.b', 'tpch.tiny.c']],
  none: [{ list: 'string' }, []],
  many: [{ list: 'string' }, Array.from({ length: 1_000 }, (_, at) => `t${at}`)],
  m: [
    { map: 'string' },
    new Map([
      ['a', '1'],
      ['x.y', 'z'],
    ]),
  ],
};
const declared: Declarations = new Map(
  Object.entries(values).map(([name, [type, value]]) => [name, declare(type, () => value)]),
);

/** `error` when it has no answer. */
function ours(text: string, left = 10_000_000): boolean | string {
  const condition = compileCondition(text, declared);
  try {
    return condition.holds(undefined, { left });
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
}

const environment = celEnv({ funcs: strings });
const bindings = Object.fromEntries(
  Object.entries(values).map(([name, [type, value]]) => {
    if (type === 'int') return [name, BigInt(value as number)];
    return [name, type === 'timestamp' ? timestampFromMs(value as number) : value];
  }),
);

/** What the library, which knows no types, makes of it. */
function theirs(text: string): unknown {
  const result = plan(environment, parse(text))(bindings as never);
  return isCelError(result) ? 'error' : result;
}

const conditions: [text: string, expected: boolean | 'error'][] = [
  ['s == "Dash\\"board"', true],
  ["s != 'x' && !b", false],
  ['s.contains("board") && s.startsWith("Dash") && s.endsWith("board")', true],
  ['"a" < "b" && 1 < 2 && 1.5 <= 2.0 && n >= 7 && n > 6.5 && 7 == n && 7.0 == double(n)', true],
  ['n in [1, 2, 7] && "a" in m && !("b" in m) && !("a" in list)', true],
  ['"hive.raw.a" in list && size(list) == 3 && list.size() == 3 && size(m) == 2 && size("a😀b") == 3', true],
  ['size(emoji) == 3 && emoji.size() == 3', true],
  ['list.exists(t, t.startsWith("hive.raw."))', true],
  ['list.all(t, t.startsWith("hive.raw."))', false],
  ['none.all(t, false) && !none.exists(t, true)', true],
  ['list.exists_one(t, t.endsWith("c"))', true],
  ['list.exists_one(t, t.startsWith("hive"))', false],
  ['list.filter(t, t.contains("raw")) == ["hive.raw.a", "hive.raw.b"]', true],
  ['list.map(t, size(t)) == [10, 10, 11]', true],
  ['list.map(t, t.contains("raw"), t + "!")[1] == "hive.raw.b!"', true],
  ['m.exists(k, m[k] == "z") && m.all(k, k != "q")', true],
  ['m.a == "1" && m["x.y"] == "z" && has(m.a) && !has(m.b)', true],
  ['m.b == "1"', 'error'],
  ['m.b == "1" || true', true],
  ['true || m.b == "1"', true],
  ['m.b == "1" && false', false],
  ['m.b == "1" && true', 'error'],
  ['!(m.b == "1")', 'error'],
  ['list.exists(t, m[t] == "1" || t == "tpch.tiny.c")', true],
  ['list.exists(t, m[t] == "1")', 'error'],
  ['list.all(t, m[t] == "1" && t == "q")', false],
  ['list[0] == "hive.raw.a"', true],
  ['list[3] == "q"', 'error'],
  ['list[-1] == "q"', 'error'],
  ['n / 2 == 3 && -n / 2 == -3 && n % 4 == 3 && -n % 4 == -3 && n * 2 - 1 == 13', true],
  ['7.0 / 2.0 == 3.5 && -2.5 + 5.0 == 2.5', true],
  ['n / (n - 7) == 1', 'error'],
  ['n % (n - 7) == 1', 'error'],
  ['(b ? "x" : "y") == "x" && (n > 10 ? 1 : 2) == 2', true],
  ['s + "!" == "Dash\\"board!" && ["a"] + ["b"] == ["a", "b"]', true],
  ['[] == none && [[1], []] == [[1], []] && {"a": "1"} == {"a": "1"} && {"a": 1} != {"a": 2}', true],
  ['{"etl": "batch", "bi": "fast"}["etl"] == "batch"', true],
  ['s.matches("(?i)^dash") && !s.matches("^board") && s.matches("d$") && emoji.matches("a.b")', true],
  ["s.matches(r'[A-Z]\\w+')", true],
  ['s.lowerAscii() == "dash\\"board" && "aÄb".upperAscii() == "AÄB" && "  x ".trim() == "x"', true],
  ['"a,b,,c".split(",") == ["a", "b", "", "c"] && ["a", "b"].join("-") == "a-b"', true],
  ['"hello".substring(1) == "ello" && "hello".substring(1, 3) == "el" && "hello".indexOf("l") == 2', true],
  ['s.substring(4, 99) == ""', 'error'],
  ['"aXbX".replace("X", "$&") == "a$&b$&"', true],
  ['int("42") == 42 && int(3.9) == 3 && int(-3.9) == -3 && double("1.5") == 1.5 && string(n) == "7"', true],
  ['bool("true") && !bool("f") && string(true) == "true" && string(1.5) == "1.5"', true],
  ['int(s) == 1', 'error'],
  ['bool(s)', 'error'],
  ['now.getFullYear() == 2026 && now.getMonth() == 1 && now.getDate() == 28 && now.getDayOfMonth() == 27', true],
  ['now.getDayOfWeek() == 6 && now.getDayOfYear() == 58 && now.getHours() == 23 && now.getMinutes() == 30', true],
  ['now.getSeconds() == 15 && now.getMilliseconds() == 250', true],
  ['now.getDayOfWeek("Europe/Vienna") == 0 && now.getHours("Europe/Vienna") == 0 && now.getMonth("+05:30") == 2', true],
  ['now.getHours("-02:00") == 21 && now.getHours("America/New_York") == 18', true],
  ['now > timestamp("2026-01-31T08:00:00Z") && now - timestamp("2026-02-28T23:00:15.25Z") == duration("30m")', true],
  ['now + duration("1h30m") > now && duration("90m") == duration("1.5h") && duration("-1.5s") < duration("0")', true],
  ['duration("90m").getHours() == 1 && duration("90m").getMinutes() == 90', true],
  ['int(timestamp("1970-01-01T00:01:00Z")) == 60', true],
  ['timestamp(s) < now', 'error'],
  ['list.exists(a, list.exists(b, a != b && list.exists(c, c == a)))', true],
  ['"""a\n"b" c""".contains(\'"b"\') && "\\u00fc\\x41\\101" == "üAA"', true],
  ['b // a comment\n  && true', true],
];

test.each(conditions)('%s is %s', (text, expected) => {
  const found = ours(text);
  expect(typeof found === 'string' ? 'error' : found).toBe(expected);
});

test.each(conditions)('%s means what the library says that evaluates without types', (text, expected) => {
  expect(theirs(text)).toBe(expected);
});

const refused: [text: string, message: string][] = [
  ['sorce == "x"', 'line 1, column 1: there is no "sorce": expected s, empty'],
  ['n == "x"', 'line 1, column 6: == does not take int and string'],
  ['s', 'line 1, column 1: expected a bool, got a string'],
  ['s.lower() == "x"', 'there is no function "lower": expected bool, contains, double'],
  ['s.contains(1)', 'there is no string.contains(int): expected string.contains(string)'],
  ['size(n) == 1', 'there is no size(int): expected size(string) or string.size() or size(list)'],
  ['n.field == 1', 'a int has no field "field"'],
  ['s["a"] == "b"', '[] does not take string and string'],
  ['list["a"] == "b"', '[] does not take list(string) and string'],
  ['m[1] == "b"', '[] does not take map(string, string) and int'],
  ['n && b', '&& does not take int and bool'],
  ['!n', '! does not take int'],
  ['-s == "a"', '- does not take string'],
  ['1 + 1.5 == 2.5', '+ does not take int and double'],
  ['s + 1 == "a"', '+ does not take string and int'],
  ['s - "a" == "b"', '- does not take string and string'],
  ['list < list', '< does not take list(string) and list(string)'],
  ['n in s', 'in does not take int and string'],
  ['n in list', 'in does not take int and list(string)'],
  ['1 in m', 'in does not take int and map(string, string)'],
  ['[1, "a"] == [1]', 'line 1, column 5: a list has elements of one type: int or string'],
  ['{1: "a"} == {}', 'the keys of a map are strings'],
  ['{"a": 1, "b": "c"} == {}', 'a map has values of one type: int or string'],
  ['b ? 1 : "a"', '?: does not take bool and int and string'],
  ['s.exists(t, true)', 'line 1, column 1: exists needs a list or a map, not a string'],
  ['list.exists(t, t)', 'the condition of exists must be a bool, not a string'],
  ['list.exists(1, true)', 'expected a name and then a condition: x.exists(e, …)'],
  ['list.filter(t, size(t))', 'the condition of filter must be a bool, not a int'],
  ['list.filter(t, true)', 'expected a bool, got a list(string)'],
  ['list.exists(t, u == "x")', 'there is no "u"'],
  ['list.exists(a, list.exists(b, list.exists(c, list.exists(d, true))))', 'at most 3 of exists, all, filter and map'],
  ['has(m)', 'expected a field of a map: has(map.field)'],
  ['null == null', 'neither null, bytes nor unsigned numbers'],
  ['b"x" == b"x"', 'neither null, bytes nor unsigned numbers'],
  ['1u == 1u', 'neither null, bytes nor unsigned numbers'],
  ['n == 9007199254740993', 'the number is too large'],
  ['Foo{a: 1} == 1', 'there is no type "Foo"'],
  ['type(s) == string', 'there is no function "type"'],
  ['now.constructor("UTC") == 1', 'there is no function "constructor"'],
  ['list.constructor(s, true)', 'there is no function "constructor"'],
  ['s.matches("(a")', 'the pattern cannot be read: error parsing regexp: missing closing )'],
  ['s.matches("(?=a)")', 'the pattern cannot be read'],
  ['s.matches("(a)\\\\1")', 'the pattern cannot be read'],
  ['s.matches(empty)', 'the pattern of matches must be a literal'],
  ['s.matches("((a{20}){20}){2}")', 'the pattern is too large: 8'],
  [`s.matches("${'a'.repeat(1_001)}")`, 'a pattern has at most 1000 characters'],
  ['now.getHours("Mars/Olympus") == 1', 'line 1, column 14: there is no time zone "Mars/Olympus"'],
  ['now.getHours(s) == 1', 'the time zone must be a literal'],
  ['now > "2026"', '> does not take timestamp and string'],
  ['timestamp("2026") < now', 'line 1, column 11: this is no time such as'],
  ['now + duration("1 day") > now', 'line 1, column 16: this is no duration such as "1h30m"'],
  ['s == ', 'line 1, column'],
  ['b &&\n  n == "x"', 'line 2, column 8: == does not take int and string'],
  ['s = "a"', 'line 1, column 3'],
  ['process.exit()', 'there is no "process"'],
  ['"a".constructor("b")', 'there is no function "constructor"'],
  ['s.__proto__ == s', 'a string has no field "__proto__"'],
  ['__proto__ == s', 'there is no "__proto__"'],
  ['toString(s)', 'there is no function "toString"'],
  ['('.repeat(4_000), 'it is nested too deeply'],
  [`${'[b == ('.repeat(200)}b${')][0]'.repeat(200)}`, 'it is nested too deeply'],
  [`n${'+1'.repeat(2_000)} > 0`, 'it is nested too deeply'],
  [`s == "${LONG}"`, 'expected at most 10000 characters, got 1000007'],
];

test.each(refused.map((row) => [row[0].slice(0, 60), ...row] as const))('%s is refused', (_, text, message) => {
  expect(() => compileCondition(text, declared)).toThrow(message);
});

test('a chain of a thousand alternatives is no nesting', () => {
  const text = Array.from({ length: 700 }, (_, at) => `n == ${at}`).join(' || ');
  expect(ours(text)).toBe(true);
});

const endless = [
  'many.exists(a, many.exists(b, many.exists(c, a + b + c == "no")))',
  'many.map(a, many.map(b, many.map(c, a + b + c))) == []',
  `long.matches("${'x?'.repeat(200)}y$")`,
  'many.all(t, !long.contains(t))',
  'many.map(t, long + long) == ["a"]',
  'long.replace("x", "yyyyyyyyyyyyyyyyyyyyyyyyyyyy") == "a"',
  'size(long.split("x")) == 1',
];

test.each(endless.map((text) => [text.slice(0, 60), text]))('%s ends in bounded time', (_, text = '') => {
  const began = process.cpuUsage();
  expect(ours(text)).toMatch('too much work');
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_000);
});

test('too much work is no reason to look at the other side of an or', () => {
  expect(ours(`long.matches("${'x?'.repeat(200)}y$") || true`)).toMatch('too much work');
  expect(ours('many.exists(t, long.contains("y") || t == "t999")', 1_000_000)).toMatch('too much work');
});

test('a pattern that would never end with backtracking reads a long text in no time', () => {
  const began = process.cpuUsage();
  const text = 'long.substring(0, 100000).matches';
  expect(ours(`!${text}("(x+x+)+y") && !${text}("^(x|xx)+[^x]$")`)).toBe(true);
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_000);
});

test('a condition tells which names it uses', () => {
  const { names } = compileCondition('s == "a" || list.exists(n, n == "b" && has(m.q))', declared);
  expect([...names].sort()).toEqual(['list', 'm', 's']);
});
