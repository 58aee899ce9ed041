import { type CharacterTest, type Expression, PatternError, parsePattern } from './parse.ts';

/** Whether a whole text is what a pattern describes. */
export type WholeMatch = (text: string) => boolean;

/** The longest pattern, in characters. */
export const PATTERN_LENGTH = 200;
/** Longer texts match nothing. */
const LONGEST_TEXT = 1_000;
/** What a pattern may amount to once its repetitions are written out. */
const MOST_STATES = 1_000;
const MOST_PARTS = 5_000;
const TOO_MANY = 'one whose repetitions are too many';

/** One step of a match: a character, or a fork. The end is state 0. */
type State = { test: CharacterTest; next: number } | { forks: readonly number[] };

/** What a pattern was built of so far; empty parts count as well. */
type Built = { states: State[]; parts: number };

/**
 * A regular expression for whole texts, in time that grows with text and pattern and never with their powers: all ways to match are
 * followed at once (Thompson's construction), so there is nothing to go back to.
 * @throws Error that says what is not understood, and where
 */
export function compilePattern(pattern: string): WholeMatch {
  const states: State[] = [{ forks: [] }];
  const first = build(parsePattern(pattern), 0, { states, parts: 0 });
  return (text) => text.length <= LONGEST_TEXT && matches(text, first, states);
}

/** What is wrong with a pattern; undefined when it can be used. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === '' || pattern.length > PATTERN_LENGTH)
    return `expected a regular expression of 1 to ${PATTERN_LENGTH} characters, got ${pattern.length}`;
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return `expected a regular expression, got ${error.message}`;
    throw error;
  }
}

/** Adds what matches the expression and goes on with `next`. @returns where that begins */
function build(expression: Expression, next: number, built: Built): number {
  built.parts += 1;
  if (built.parts > MOST_PARTS) throw new PatternError(TOO_MANY);
  switch (expression.kind) {
    case 'character':
      return add(built, { test: expression.test, next });
    case 'sequence':
      return expression.parts.reduceRight((after, part) => build(part, after, built), next);
    case 'either':
      return add(built, { forks: expression.options.map((option) => build(option, next, built)) });
    case 'repeated':
      return buildRepeated(expression, next, built);
  }
}

function buildRepeated(
  { part, least, most }: Extract<Expression, { kind: 'repeated' }>,
  next: number,
  built: Built,
): number {
  let first = next;
  if (most === Number.POSITIVE_INFINITY) {
    const forks = [next];
    first = add(built, { forks });
    forks.unshift(build(part, first, built));
  } else
    for (let times = least; times < most; times++) first = add(built, { forks: [build(part, first, built), next] });
  for (let times = 0; times < least; times++) first = build(part, first, built);
  return first;
}

function add({ states }: Built, state: State): number {
  if (states.length >= MOST_STATES) throw new PatternError(TOO_MANY);
  return states.push(state) - 1;
}

function matches(text: string, first: number, states: readonly State[]): boolean {
  let current = reach([first], states);
  for (const character of text) {
    if (current.size === 0) return false;
    const code = character.codePointAt(0) ?? 0;
    const after: number[] = [];
    for (const at of current) {
      const state = states[at];
      if (state && 'test' in state && state.test(code)) after.push(state.next);
    }
    current = reach(after, states);
  }
  return current.has(0);
}

/** These states, and all that are reached from them without a character. */
function reach(from: readonly number[], states: readonly State[]): Set<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    const state = states[at];
    if (state && 'forks' in state) open.push(...state.forks);
  }
  return reached;
}
