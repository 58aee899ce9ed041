import { K } from '../lexer/keywords.ts';
import { CLOSE, COMMA, NUMBER, OPEN, QUESTION_MARK } from '../lexer/token-types.ts';
import { startsClause, startsSetOperation } from './ahead.ts';
import { expressions } from './expression.ts';
import { NotUnderstood } from './not-understood.ts';
import type { Reading } from './reading.ts';
import { relations } from './relation.ts';
import type { NamedQuery } from './scopes.ts';
import { skipNames } from './skip.ts';
import { tableMention } from './table-mention.ts';

/** `[WITH …] query` */
export function query(reading: Reading): void {
  const around = reading.scope;
  if (reading.take(K.WITH)) namedQueries(reading);
  queryWithoutNames(reading);
  reading.scope = around;
}

/** The names of WITH hold from their definition on; that of a recursive query in itself as well. */
function namedQueries(reading: Reading): void {
  const isRecursive = reading.take(K.RECURSIVE);
  do {
    const name = reading.identifier();
    if (reading.type === OPEN) skipNames(reading);
    reading.expect(K.AS, OPEN);
    const named: NamedQuery = { isRead: !isRecursive, refersToItself: false };
    const around = reading.scope;
    if (isRecursive) reading.scope = { name, query: named, around };
    const isUnion = reading.nested(() => queryIsUnion(reading));
    // Trino looks for a table of that name then.
    if (named.refersToItself && !isUnion) throw new NotUnderstood('a recursive query is no UNION');
    reading.expect(CLOSE);
    named.isRead = true;
    reading.scope = { name, query: named, around };
    reading.qualifiers.add(name);
  } while (reading.take(COMMA));
}

function queryIsUnion(reading: Reading): boolean {
  const around = reading.scope;
  if (reading.take(K.WITH)) namedQueries(reading);
  const isUnion = queryWithoutNames(reading);
  reading.scope = around;
  return isUnion;
}

function queryWithoutNames(reading: Reading): boolean {
  queryPrimary(reading);
  return queryRest(reading);
}

/** What follows the first part of a query: set operations, order, limit. Answers whether it is a union. */
export function queryRest(reading: Reading): boolean {
  let isUnion = false;
  while (startsSetOperation(reading.type)) {
    if (reading.type === K.UNION) isUnion = true;
    reading.at += 1;
    if (!reading.take(K.ALL)) reading.take(K.DISTINCT);
    queryPrimary(reading);
  }
  if (reading.take(K.ORDER, K.BY)) expressions(reading);
  if (startsClause(reading, reading.at)) limits(reading);
  return isUnion;
}

const takeCount = (reading: Reading) => reading.take(NUMBER) || reading.take(QUESTION_MARK);

function limits(reading: Reading): void {
  if (reading.take(K.OFFSET)) {
    takeCount(reading);
    if (!reading.take(K.ROW)) reading.take(K.ROWS);
  }
  if (reading.take(K.LIMIT)) {
    if (!takeCount(reading)) reading.take(K.ALL);
  } else if (reading.take(K.FETCH)) {
    reading.at += 1;
    takeCount(reading);
    if (!reading.take(K.ROW) && !reading.take(K.ROWS)) reading.fail();
    if (!reading.takeWord('ONLY')) reading.expect(K.WITH, K.TIES);
  }
}

function queryPrimary(reading: Reading): void {
  if (reading.take(K.SELECT)) selection(reading);
  else if (reading.take(K.VALUES)) expressions(reading);
  else if (reading.take(K.TABLE)) {
    reading.hasStar = true;
    tableMention(reading);
  } else {
    reading.expect(OPEN);
    reading.nested(() => query(reading));
    reading.expect(CLOSE);
  }
}

function selection(reading: Reading): void {
  expressions(reading);
  if (reading.take(K.FROM)) relations(reading);
  if (reading.take(K.WHERE)) expressions(reading, 'one');
  if (reading.take(K.GROUP, K.BY)) expressions(reading);
  if (reading.take(K.HAVING)) expressions(reading, 'one');
  if (reading.type !== K.WINDOW || !startsClause(reading, reading.at)) return;
  reading.at += 1;
  do {
    reading.identifier();
    reading.expect(K.AS);
    expressions(reading, 'operand');
  } while (reading.take(COMMA));
}
