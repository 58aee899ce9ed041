import { K } from '../lexer/keywords.ts';
import { CLOSE, COMMA, NUMBER, OPEN, QUESTION_MARK } from '../lexer/token-types.ts';
import { startsClause, startsSetOperation } from './ahead.ts';
import { expressions } from './expression.ts';
import { starMention } from './expression-words.ts';
import { NotUnderstood } from './not-understood.ts';
import type { Reading } from './reading.ts';
import { relations } from './relation.ts';
import type { NamedQuery } from './scopes.ts';
import { skipNames } from './skip.ts';
import { tableMention } from './table-mention.ts';

const {
  ALL,
  AS,
  BY,
  DISTINCT,
  FETCH,
  FROM,
  GROUP,
  HAVING,
  LIMIT,
  OFFSET,
  ORDER,
  RECURSIVE,
  ROW,
  ROWS,
  SELECT,
  TABLE,
  TIES,
  UNION,
  VALUES,
  WHERE,
  WINDOW,
  WITH,
} = K;

/** Each table is looked for among them. */
const MOST_NAMED_QUERIES = 1_000;

/** `[WITH …] query` */
export function query(reading: Reading): void {
  const around = reading.scopes.size;
  if (reading.take(WITH)) namedQueries(reading);
  queryWithoutNames(reading);
  reading.scopes.returnTo(around);
}

/** The names of WITH hold from their definition on; that of a recursive query in itself as well. */
function namedQueries(reading: Reading): void {
  const isRecursive = reading.take(RECURSIVE);
  do {
    const name = reading.identifier();
    reading.namedQueries += 1;
    if (reading.namedQueries > MOST_NAMED_QUERIES)
      throw new NotUnderstood(`more than ${MOST_NAMED_QUERIES} queries of WITH`);
    if (reading.type === OPEN) skipNames(reading);
    reading.expect(AS, OPEN);
    const named: NamedQuery = { isRead: !isRecursive, refersToItself: false };
    if (isRecursive) reading.scopes.define(name, named);
    const isUnion = reading.nested(() => queryIsUnion(reading));
    // Trino looks for a table of that name then.
    if (named.refersToItself && !isUnion) throw new NotUnderstood('a recursive query is no UNION');
    reading.expect(CLOSE);
    named.isRead = true;
    if (!isRecursive) reading.scopes.define(name, named);
    reading.columns?.qualifiers.add(name);
  } while (reading.take(COMMA));
}

function queryIsUnion(reading: Reading): boolean {
  const around = reading.scopes.size;
  if (reading.take(WITH)) namedQueries(reading);
  const isUnion = queryWithoutNames(reading);
  reading.scopes.returnTo(around);
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
    if (reading.type === UNION) isUnion = true;
    reading.at += 1;
    if (!reading.take(ALL)) reading.take(DISTINCT);
    reading.takeWord('CORRESPONDING');
    queryPrimary(reading);
  }
  if (reading.take(ORDER, BY)) expressions(reading);
  if (startsClause(reading, reading.at)) limits(reading);
  return isUnion;
}

const takeCount = (reading: Reading) => reading.take(NUMBER) || reading.take(QUESTION_MARK);

function limits(reading: Reading): void {
  if (reading.take(OFFSET)) {
    takeCount(reading);
    if (!reading.take(ROW)) reading.take(ROWS);
  }
  if (reading.take(LIMIT)) {
    if (!takeCount(reading)) reading.take(ALL);
  } else if (reading.take(FETCH)) {
    reading.at += 1;
    takeCount(reading);
    if (!reading.take(ROW) && !reading.take(ROWS)) reading.fail();
    if (!reading.takeWord('ONLY')) reading.expect(WITH, TIES);
  }
}

function queryPrimary(reading: Reading): void {
  if (reading.take(SELECT)) selection(reading);
  else if (reading.take(VALUES)) expressions(reading);
  else if (reading.take(TABLE)) {
    starMention(reading);
    tableMention(reading);
  } else {
    reading.expect(OPEN);
    reading.nested(() => query(reading));
    reading.expect(CLOSE);
  }
}

function selection(reading: Reading): void {
  expressions(reading);
  if (reading.take(FROM)) relations(reading);
  if (reading.take(WHERE)) expressions(reading, 'one');
  if (reading.take(GROUP, BY)) expressions(reading);
  if (reading.take(HAVING)) expressions(reading, 'one');
  if (reading.type !== WINDOW || !startsClause(reading, reading.at)) return;
  reading.at += 1;
  do {
    reading.identifier();
    reading.expect(AS);
    expressions(reading, 'operand');
  } while (reading.take(COMMA));
}
