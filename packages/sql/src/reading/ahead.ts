import { K } from '../lexer/keywords.ts';
import { CLOSE, COMMA, isIdentifier, LAMBDA, NUMBER, OPEN, QUESTION_MARK } from '../lexer/token-types.ts';
import type { Reading } from './reading.ts';

const { ALL, AS, EXCEPT, FETCH, FIRST, INTERSECT, LIMIT, NEXT, OFFSET, SELECT, TABLE, UNION, VALUES, WINDOW, WITH } = K;

// What a word means that may be a name or a keyword is told by what follows it.

/** Whether a query begins here. `TABLE (` begins a table function. */
export function startsQuery(reading: Reading, at: number): boolean {
  const type = reading.typeAt(at);
  if (type === TABLE) return reading.typeAt(at + 1) !== OPEN;
  return type === SELECT || type === WITH || type === VALUES;
}

/** Whether a set operation begins here. */
export function startsSetOperation(type: number): boolean {
  return type === UNION || type === EXCEPT || type === INTERSECT;
}

/** Whether LIMIT, OFFSET, FETCH or WINDOW begins here, and no name. */
export function startsClause(reading: Reading, at: number): boolean {
  const next = reading.typeAt(at + 1);
  switch (reading.typeAt(at)) {
    case LIMIT:
      return next === NUMBER || next === QUESTION_MARK || next === ALL;
    case OFFSET:
      return next === NUMBER || next === QUESTION_MARK;
    case FETCH:
      return next === FIRST || next === NEXT;
    case WINDOW:
      return isIdentifier(next) && reading.typeAt(at + 2) === AS && reading.typeAt(at + 3) === OPEN;
    default:
      return false;
  }
}

/** Where the parameters of a lambda end, `(a, b) ->`, if that is what the bracket here opens. */
export function afterLambdaParameters(reading: Reading, open: number): number | undefined {
  let at = open + 1;
  while (isIdentifier(reading.typeAt(at)) && reading.typeAt(at + 1) === COMMA) at += 2;
  if (isIdentifier(reading.typeAt(at))) at += 1;
  return reading.typeAt(at) === CLOSE && reading.typeAt(at + 1) === LAMBDA ? at + 2 : undefined;
}
