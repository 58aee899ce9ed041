import { EvaluationError, spend, type Work } from './evaluation.ts';
import { DURATION_UNITS, parseDuration, parseTimestamp, partOfTime } from './times.ts';
import type { Type } from './types.ts';

/** One form of a function. */
export type Signature = {
  name: string;
  /** The type it is a method of; absent: it is called by its name alone. */
  of?: Type;
  takes: readonly Type[];
  gives: Type;
  // biome-ignore lint/suspicious/noExplicitAny: the checker has compared the arguments with `takes`
  run(work: Work, ...values: any[]): unknown;
};

const strings: Type = { list: 'string' };

function read(text: string, work: Work, each: number): string {
  spend(work, text.length * each);
  return text;
}

function method(
  name: string,
  takes: readonly Type[],
  gives: Type,
  // biome-ignore lint/suspicious/noExplicitAny: as above
  run: (work: Work, text: string, ...values: any[]) => unknown,
): Signature {
  return { name, of: 'string', takes, gives, run };
}

function conversion<Value>(name: string, from: Type, gives: Type, run: (value: Value) => unknown): Signature {
  return { name, takes: [from], gives, run: (_, value: Value) => run(value) };
}

const textMethods: Signature[] = [
  method('contains', ['string'], 'bool', (work, text, part: string) => read(text, work, 0.1).includes(part)),
  method('startsWith', ['string'], 'bool', (_, text, part: string) => text.startsWith(part)),
  method('endsWith', ['string'], 'bool', (_, text, part: string) => text.endsWith(part)),
  method('indexOf', ['string'], 'int', (work, text, part: string) => read(text, work, 0.1).indexOf(part)),
  method('lowerAscii', [], 'string', (work, text) =>
    isAscii(read(text, work, 1)) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  ),
  method('upperAscii', [], 'string', (work, text) =>
    isAscii(read(text, work, 1)) ? text.toUpperCase() : text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  ),
  method('trim', [], 'string', (work, text) => read(text, work, 0.5).trim()),
  method('substring', ['int'], 'string', (_, text, from: number) => substring(text, from, text.length)),
  method('substring', ['int', 'int'], 'string', (_, text, from: number, to: number) => substring(text, from, to)),
  method('split', ['string'], strings, (work, text, separator: string) => {
    const parts = read(text, work, 1).split(separator);
    spend(work, 10 * parts.length);
    return parts;
  }),
  method('replace', ['string', 'string'], 'string', (work, text, old: string, replacement: string) => {
    const times = old === '' ? text.length + 1 : read(text, work, 1).split(old).length - 1;
    spend(work, times * (replacement.length + 5));
    return text.replaceAll(old, () => replacement);
  }),
  {
    name: 'join',
    of: strings,
    takes: ['string'],
    gives: 'string',
    run: (work, parts: string[], separator: string) => {
      spend(
        work,
        parts.reduce((sum, part) => sum + part.length + separator.length + 5, 0),
      );
      return parts.join(separator);
    },
  },
];

function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text);
}

function substring(text: string, from: number, to: number): string {
  if (from < 0 || to > text.length || from > to)
    throw new EvaluationError(`a text of ${text.length} characters has no part from ${from} to ${to}`);
  return text.slice(from, to);
}

const sizes: Signature[] = (['string', { list: 'nothing' }, { map: 'nothing' }] as Type[]).flatMap((of) => [
  { name: 'size', takes: [of], gives: 'int' as const, run: sizeOf },
  { name: 'size', of, takes: [], gives: 'int' as const, run: sizeOf },
]);

function sizeOf(work: Work, value: string | readonly unknown[] | ReadonlyMap<string, unknown>): number {
  if (typeof value !== 'string') return value instanceof Map ? value.size : (value as readonly unknown[]).length;
  let surrogates = 0;
  for (const pair of read(value, work, 1).matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) surrogates += pair.length;
  return value.length - surrogates;
}

const conversions: Signature[] = [
  conversion('int', 'int', 'int', (value: number) => value),
  conversion('int', 'double', 'int', (value: number) => whole(Math.trunc(value))),
  conversion('int', 'string', 'int', (value: string) =>
    whole(/^[+-]?\d{1,20}$/.test(value) ? Number(value) : Number.NaN),
  ),
  conversion('int', 'timestamp', 'int', (value: number) => Math.floor(value / 1_000)),
  conversion('double', 'double', 'double', (value: number) => value),
  conversion('double', 'int', 'double', (value: number) => value),
  conversion('double', 'string', 'double', decimal),
  conversion('bool', 'bool', 'bool', (value: boolean) => value),
  conversion('bool', 'string', 'bool', truth),
  conversion('string', 'string', 'string', (value: string) => value),
  conversion('string', 'int', 'string', String),
  conversion('string', 'double', 'string', String),
  conversion('string', 'bool', 'string', String),
  conversion('timestamp', 'timestamp', 'timestamp', (value: number) => value),
  conversion('timestamp', 'string', 'timestamp', parseTimestamp),
  conversion('duration', 'duration', 'duration', (value: number) => value),
  conversion('duration', 'string', 'duration', parseDuration),
];

function whole(value: number): number {
  if (!Number.isSafeInteger(value)) throw new EvaluationError('this is no whole number');
  return value;
}

function decimal(text: string): number {
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new EvaluationError('this is no number');
  return value;
}

function truth(text: string): boolean {
  if (['true', 'True', 'TRUE', 't', '1'].includes(text)) return true;
  if (['false', 'False', 'FALSE', 'f', '0'].includes(text)) return false;
  throw new EvaluationError('this is neither true nor false');
}

const timeMethods: Signature[] = [
  ...Object.entries(partOfTime).flatMap(([name, part]): Signature[] => [
    { name, of: 'timestamp', takes: [], gives: 'int', run: (_, ms: number) => part(new Date(ms)) },
  ]),
  ...Object.entries(DURATION_UNITS).map(
    ([name, unit]): Signature => ({
      name,
      of: 'duration',
      takes: [],
      gives: 'int',
      run: (_, ms: number) => Math.trunc(ms / unit) + 0,
    }),
  ),
];

/** All functions but those whose arguments must be literals: `matches`, and the parts of a time in a time zone. */
export const functions: readonly Signature[] = [...textMethods, ...sizes, ...conversions, ...timeMethods];
