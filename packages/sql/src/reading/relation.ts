import { K } from '../lexer/keywords.ts';
import { CLOSE, COMMA, isIdentifier, OPEN } from '../lexer/token-types.ts';
import { startsClause, startsQuery, startsSetOperation } from './ahead.ts';
import { expressions } from './expression.ts';
import type { Reading } from './reading.ts';
import { skipNames } from './skip.ts';
import { tableMention } from './table-mention.ts';

const {
  AS,
  BERNOULLI,
  CROSS,
  FOR,
  FULL,
  INNER,
  JOIN,
  JSON_TABLE,
  LATERAL,
  LEFT,
  MATCH_RECOGNIZE,
  NATURAL,
  OF,
  ON,
  ORDER,
  ORDINALITY,
  OUTER,
  RIGHT,
  SYSTEM,
  TABLE,
  TABLESAMPLE,
  TIMESTAMP,
  UNNEST,
  USING,
  VERSION,
  WITH,
} = K;

/** What FROM names, separated by commas. */
export function relations(reading: Reading): void {
  do relation(reading);
  while (reading.take(COMMA));
}

/** A relation, and those that are joined to it. */
export function relation(reading: Reading): void {
  aliasedRelation(reading);
  joins(reading);
}

function joins(reading: Reading): void {
  for (;;) {
    if (takeJoin(reading)) aliasedRelation(reading);
    else if (reading.take(ON)) expressions(reading, 'one');
    else if (reading.take(USING)) skipNames(reading);
    else return;
  }
}

function takeJoin(reading: Reading): boolean {
  if (reading.take(JOIN) || reading.take(CROSS, JOIN)) return true;
  const from = reading.at;
  reading.take(NATURAL);
  if (!reading.take(INNER) && (reading.take(LEFT) || reading.take(RIGHT) || reading.take(FULL))) reading.take(OUTER);
  if (reading.take(JOIN)) return true;
  if (reading.at > from) reading.fail();
  return false;
}

function aliasedRelation(reading: Reading): void {
  primaryRelation(reading);
  aliases(reading);
}

/** What may follow a relation: alias, sample, row pattern. */
function aliases(reading: Reading): void {
  takeAlias(reading);
  if (reading.type === MATCH_RECOGNIZE && reading.peek(1) === OPEN) {
    reading.at += 1;
    expressions(reading, 'operand');
    takeAlias(reading);
  }
  if (!startsSample(reading)) return;
  reading.at += 2;
  reading.expect(OPEN);
  expressions(reading, 'one');
  reading.expect(CLOSE);
}

const startsSample = (reading: Reading) =>
  reading.type === TABLESAMPLE &&
  (reading.peek(1) === BERNOULLI || reading.peek(1) === SYSTEM) &&
  reading.peek(2) === OPEN;

function takeAlias(reading: Reading): void {
  const isNamed = reading.take(AS);
  if (!isNamed) {
    if (!isIdentifier(reading.type) || startsClause(reading, reading.at) || startsSample(reading)) return;
    if (reading.type === MATCH_RECOGNIZE && reading.peek(1) === OPEN) return;
  }
  const alias = reading.identifier();
  reading.columns?.qualifiers.add(alias);
  if (reading.type === OPEN) skipNames(reading);
}

function primaryRelation(reading: Reading): void {
  const isCall = reading.peek(1) === OPEN;
  switch (reading.type) {
    case OPEN:
      reading.nested(() => inBrackets(reading));
      return;
    case UNNEST:
      reading.expect(UNNEST, OPEN);
      expressions(reading);
      reading.expect(CLOSE);
      reading.take(WITH, ORDINALITY);
      return;
    case TABLE:
      tableFunction(reading);
      return;
    case JSON_TABLE:
      reading.at += 1;
      expressions(reading, 'operand');
      return;
    case LATERAL:
      if (isCall) {
        reading.expect(LATERAL, OPEN);
        reading.nested(() => reading.query());
        reading.expect(CLOSE);
        return;
      }
  }
  tableMention(reading);
  if (!reading.take(FOR)) return;
  if (!reading.take(TIMESTAMP) && !reading.take(VERSION)) reading.fail();
  reading.expect(AS, OF);
  expressions(reading, 'operand');
}

function tableFunction(reading: Reading): void {
  reading.expect(TABLE, OPEN);
  reading.mention('tableFunction');
  if (reading.type !== OPEN) reading.fail();
  const around = reading.isInTableFunction;
  reading.isInTableFunction = true;
  if (reading.columns !== undefined) reading.columns.isUnclear = true;
  expressions(reading, 'operand');
  reading.isInTableFunction = around;
  reading.expect(CLOSE);
}

/** `(query)` or `(relation)`, which only shows after all that it begins with: `((SELECT 1) UNION …)`, `((SELECT 1) a JOIN …)`. */
function inBrackets(reading: Reading): 'query' | 'relation' {
  reading.expect(OPEN);
  const found = content(reading);
  reading.expect(CLOSE);
  return found;
}

function content(reading: Reading): 'query' | 'relation' {
  if (startsQuery(reading, reading.at)) {
    reading.query();
    return 'query';
  }
  if (reading.type !== OPEN) {
    relation(reading);
    return 'relation';
  }
  const found = reading.nested(() => inBrackets(reading));
  if (reading.peek(0) === CLOSE) return found;
  if (
    found === 'query' &&
    (startsSetOperation(reading.type) || reading.type === ORDER || startsClause(reading, reading.at))
  ) {
    reading.queryRest();
    return 'query';
  }
  aliases(reading);
  joins(reading);
  return 'relation';
}
