import { K } from '../lexer/keywords.ts';
import { CLOSE, COMMA, EQUALS, isIdentifier, OPEN } from '../lexer/token-types.ts';
import { startsQuery } from '../reading/ahead.ts';
import { expressions } from '../reading/expression.ts';
import { query } from '../reading/query.ts';
import type { Reading } from '../reading/reading.ts';
import { relation } from '../reading/relation.ts';
import { skipNames } from '../reading/skip.ts';
import { routineSpecifications } from './routines.ts';

// Statements that read or change rows. Each function answers the class of the syntax tree.

/** A query, with functions and session properties of its own before it. */
export function rootQuery(reading: Reading): string {
  if (reading.type === K.WITH && (isSpecification(reading, K.FUNCTION) || isSpecification(reading, K.SESSION))) {
    reading.at += 1;
    if (reading.type === K.FUNCTION) routineSpecifications(reading);
    if (reading.type === K.SESSION && !isNamedQuery(reading, 0)) sessionSpecifications(reading);
  }
  query(reading);
  return 'Query';
}

/** FUNCTION and SESSION may also be the names of queries. */
const isSpecification = (reading: Reading, word: number) => reading.peek(1) === word && !isNamedQuery(reading, 1);
const isNamedQuery = (reading: Reading, at: number) => reading.peek(at + 1) === K.AS || reading.peek(at + 1) === OPEN;

function sessionSpecifications(reading: Reading): void {
  reading.expect(K.SESSION);
  do {
    reading.name();
    reading.expect(EQUALS);
    expressions(reading, 'one');
  } while (reading.take(COMMA));
}

export function insert(reading: Reading): string {
  reading.expect(K.INSERT, K.INTO);
  target(reading);
  if (reading.type === OPEN && !startsQuery(reading, reading.at + 1) && reading.peek(1) !== OPEN) skipNames(reading);
  rootQuery(reading);
  return 'Insert';
}

/** A table, or a branch of one. */
function target(reading: Reading): void {
  const name = reading.name();
  reading.found('table', name);
  reading.columns?.qualifiers.add(name.at(-1) ?? '');
  if (reading.take(0x40)) reading.identifier();
}

export function remove(reading: Reading): string {
  reading.expect(K.DELETE, K.FROM);
  target(reading);
  if (reading.take(K.WHERE)) expressions(reading, 'one');
  return 'Delete';
}

export function update(reading: Reading): string {
  reading.expect(K.UPDATE);
  target(reading);
  reading.expect(K.SET);
  do {
    reading.columns?.at.push(reading.at);
    reading.identifier();
    reading.expect(EQUALS);
    expressions(reading, 'one');
  } while (reading.take(COMMA));
  if (reading.take(K.WHERE)) expressions(reading, 'one');
  return 'Update';
}

export function merge(reading: Reading): string {
  reading.expect(K.MERGE, K.INTO);
  target(reading);
  if (reading.take(K.AS) || isIdentifier(reading.type)) {
    const alias = reading.identifier();
    reading.columns?.qualifiers.add(alias);
  }
  reading.expect(K.USING);
  relation(reading);
  if (!reading.take(K.WHEN)) reading.fail();
  do mergeCase(reading);
  while (reading.take(K.WHEN));
  return 'Merge';
}

function mergeCase(reading: Reading): void {
  reading.take(K.NOT);
  reading.expect(K.MATCHED);
  if (reading.take(K.AND)) expressions(reading, 'one');
  reading.expect(K.THEN);
  if (reading.take(K.DELETE)) return;
  if (reading.take(K.UPDATE, K.SET)) {
    do {
      reading.columns?.at.push(reading.at);
      reading.identifier();
      reading.expect(EQUALS);
      expressions(reading, 'one');
    } while (reading.take(COMMA));
    return;
  }
  reading.expect(K.INSERT);
  if (reading.type === OPEN) skipNames(reading);
  reading.expect(K.VALUES, OPEN);
  expressions(reading);
  reading.expect(CLOSE);
}
