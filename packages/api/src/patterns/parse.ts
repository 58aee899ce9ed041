/** What one character of a text must be, by its code point. */
export type CharacterTest = (code: number) => boolean;

/** A regular expression, taken apart. */
export type Expression =
  | { kind: 'character'; test: CharacterTest }
  | { kind: 'sequence'; parts: readonly Expression[] }
  | { kind: 'either'; options: readonly Expression[] }
  | { kind: 'repeated'; part: Expression; least: number; most: number };

/** A pattern that is not understood; the message names the place. */
export class PatternError extends Error {}

const DEEPEST = 20;
const MOST_REPETITIONS = 1_000;

/** @throws PatternError naming the place */
export function parsePattern(pattern: string): Expression {
  const reader = createReader([...pattern]);
  reader.accept('^');
  const expression = readEither(reader, 0);
  reader.accept('$');
  if (!reader.isAtEnd()) throw reader.error(reader.peek() === ')' ? 'a ) without its (' : 'nothing after $');
  return expression;
}

type Reader = {
  isAtEnd(): boolean;
  peek(ahead?: number): string | undefined;
  accept(character: string): boolean;
  take(): string;
  error(message: string): PatternError;
};

function createReader(characters: readonly string[]): Reader {
  let at = 0;
  const error = (message: string) => new PatternError(`${message} at character ${at + 1}`);
  return {
    isAtEnd: () => at >= characters.length,
    peek: (ahead = 0) => characters[at + ahead],
    accept: (character) => {
      if (characters[at] !== character) return false;
      at++;
      return true;
    },
    take: () => {
      const character = characters[at];
      if (character === undefined) throw error('the pattern ends too early');
      at++;
      return character;
    },
    error,
  };
}

function readEither(reader: Reader, depth: number): Expression {
  if (depth > DEEPEST) throw reader.error(`groups more than ${DEEPEST} deep`);
  const options = [readSequence(reader, depth)];
  while (reader.accept('|')) options.push(readSequence(reader, depth));
  return options.length === 1 && options[0] ? options[0] : { kind: 'either', options };
}

function readSequence(reader: Reader, depth: number): Expression {
  const parts: Expression[] = [];
  for (;;) {
    const next = reader.peek();
    const isLast = next === '$' && reader.peek(1) === undefined && depth === 0;
    if (next === undefined || next === '|' || next === ')' || isLast) return { kind: 'sequence', parts };
    parts.push(readRepeated(reader, depth));
  }
}

function readRepeated(reader: Reader, depth: number): Expression {
  const part = readOne(reader, depth);
  const times = readTimes(reader);
  if (!times) return part;
  reader.accept('?'); // as short as possible: for a whole text that is the same
  const again = reader.peek();
  if (again === '*' || again === '+' || again === '?' || again === '{')
    throw reader.error('a repetition of a repetition');
  return { kind: 'repeated', part, ...times };
}

function readTimes(reader: Reader): { least: number; most: number } | undefined {
  if (reader.accept('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
  if (reader.accept('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
  if (reader.accept('?')) return { least: 0, most: 1 };
  if (!reader.accept('{')) return undefined;
  const least = readNumber(reader);
  const most = reader.accept(',') ? (reader.peek() === '}' ? Number.POSITIVE_INFINITY : readNumber(reader)) : least;
  if (!reader.accept('}')) throw reader.error('expected }');
  if (most < least) throw reader.error('more at least than at most');
  return { least, most };
}

function readNumber(reader: Reader): number {
  let digits = '';
  while (/^[0-9]$/.test(reader.peek() ?? '')) digits += reader.take();
  if (digits === '') throw reader.error('expected a number');
  if (Number(digits) > MOST_REPETITIONS) throw reader.error(`more than ${MOST_REPETITIONS} repetitions`);
  return Number(digits);
}

function readOne(reader: Reader, depth: number): Expression {
  const character = reader.peek() ?? '';
  if ('*+?{'.includes(character)) throw reader.error('nothing to repeat');
  if (character === '^' || character === '$') throw reader.error(`${character} within a pattern`);
  reader.take();
  switch (character) {
    case '(':
      return readGroup(reader, depth);
    case '[':
      return { kind: 'character', test: readClass(reader) };
    case '.':
      return { kind: 'character', test: () => true };
    case '\\':
      return { kind: 'character', test: testOf(readEscaped(reader)) };
    default:
      return { kind: 'character', test: testOf(codeOf(character)) };
  }
}

function readGroup(reader: Reader, depth: number): Expression {
  if (reader.accept('?') && !reader.accept(':')) throw reader.error('only (?: is understood');
  const inner = readEither(reader, depth + 1);
  if (!reader.accept(')')) throw reader.error('expected )');
  return inner;
}

function readClass(reader: Reader): CharacterTest {
  const isNegated = reader.accept('^');
  const tests: CharacterTest[] = [];
  for (let isFirst = true; isFirst || reader.peek() !== ']'; isFirst = false) {
    const from = readMember(reader);
    if (reader.peek() !== '-' || reader.peek(1) === ']' || typeof from !== 'number') {
      tests.push(testOf(from));
      continue;
    }
    reader.take();
    const to = readMember(reader);
    if (typeof to !== 'number' || to < from) throw reader.error('a range that ends before it begins');
    tests.push((code) => from <= code && code <= to);
  }
  reader.take();
  return (code) => tests.some((test) => test(code)) !== isNegated;
}

function readMember(reader: Reader): number | CharacterTest {
  const character = reader.take();
  if (character === '[' && reader.peek() === ':') throw reader.error('no named classes are understood');
  return character === '\\' ? readEscaped(reader) : codeOf(character);
}

const isDigit: CharacterTest = (code) => code >= 48 && code <= 57;
const isWord: CharacterTest = (code) =>
  isDigit(code) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);
const isSpace: CharacterTest = (code) => code === 32 || (code >= 9 && code <= 13);
const not =
  (test: CharacterTest): CharacterTest =>
  (code) =>
    !test(code);

const classes: Readonly<Record<string, CharacterTest>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
};

/** What stands behind a backslash: a class, or a character that means itself. */
function readEscaped(reader: Reader): number | CharacterTest {
  const character = reader.take();
  const known = classes[character];
  if (known) return known;
  if (/^[A-Za-z0-9]$/.test(character)) throw reader.error(`\\${character} is not understood: it ends`);
  return codeOf(character);
}

function testOf(what: number | CharacterTest): CharacterTest {
  return typeof what === 'number' ? (code) => code === what : what;
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
