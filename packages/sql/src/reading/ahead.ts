import { K } from '../lexer/keywords.ts';
import { CLOSE, COMMA, isIdentifier, LAMBDA, NUMBER, OPEN, QUESTION_MARK } from '../lexer/token-types.ts';
import type { Reading } from './reading.ts';

// What a word means that may be a name or a keyword is told by what follows it.

/** Whether a query begins here. `TABLE (` begins a table function. */
export function startsQuery(reading: Reading, at: number): boolean {
  const type = reading.typeAt(at);
  if (type === K.TABLE) return reading.typeAt(at + 1) !== OPEN;
  return type === K.SELECT || type === K.WITH || type === K.VALUES;
}

/** Whether a set operation begins here. */
export function startsSetOperation(type: number): boolean {
  return type === K.UNION || type === K.EXCEPT || type === K.INTERSECT;
}

/** Whether LIMIT, OFFSET, FETCH or WINDOW begins here, and no name. */
export function startsClause(reading: Reading, at: number): boolean {
  const next = reading.typeAt(at + 1);
  switch (reading.typeAt(at)) {
    case K.LIMIT:
      return next === NUMBER || next === QUESTION_MARK || next === K.ALL;
    case K.OFFSET:
      return next === NUMBER || next === QUESTION_MARK;
    case K.FETCH:
      return next === K.FIRST || next === K.NEXT;
    case K.WINDOW:
      return isIdentifier(next) && reading.typeAt(at + 2) === K.AS && reading.typeAt(at + 3) === OPEN;
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
