import { K } from '../lexer/keywords.ts';
import { CLOSE, COMMA, isIdentifier, OPEN } from '../lexer/token-types.ts';
import { startsQuery } from '../reading/ahead.ts';
import { expressions } from '../reading/expression.ts';
import { NotUnderstood } from '../reading/not-understood.ts';
import type { Reading } from '../reading/reading.ts';
import { skipBrackets } from '../reading/skip.ts';
import { rootQuery } from './data.ts';
import { routineDeclaration, routineSpecification } from './routines.ts';
import { toEnd } from './to-end.ts';

// CREATE and DROP. Each function answers the class of the syntax tree.

const isMaterializedView = (reading: Reading) => reading.take(K.MATERIALIZED, K.VIEW);

export function create(reading: Reading): string {
  reading.expect(K.CREATE);
  if (reading.take(K.OR)) reading.expect(K.REPLACE);
  if (isMaterializedView(reading)) return createView(reading, 'CreateMaterializedView');
  if (reading.take(K.VIEW)) return createView(reading, 'CreateView');
  switch (reading.type) {
    case K.TABLE:
      return createTable(reading);
    case K.SCHEMA:
      reading.at += 1;
      reading.takeIfNotExists();
      reading.mention('schema');
      return toEnd(reading, 'CreateSchema');
    case K.CATALOG:
      reading.at += 1;
      reading.takeIfNotExists();
      reading.found('catalog', [reading.identifier()]);
      reading.expect(K.USING);
      return toEnd(reading, 'CreateCatalog');
    case K.ROLE:
      return toEnd(reading, 'CreateRole');
    case K.FUNCTION:
      routineSpecification(reading);
      return 'CreateFunction';
    case K.BRANCH:
      return branch(reading, 'CreateBranch');
    default:
      return reading.fail();
  }
}

function createTable(reading: Reading): string {
  reading.expect(K.TABLE);
  reading.takeIfNotExists();
  reading.mention('table');
  const elements = reading.at;
  if (reading.type === OPEN) skipBrackets(reading);
  commentAndProperties(reading);
  if (!reading.take(K.AS)) {
    const end = reading.at;
    reading.at = elements;
    tableElements(reading);
    reading.at = end;
    return 'CreateTable';
  }
  if (reading.type === OPEN && !isQueryInBrackets(reading)) reading.fail();
  rootQuery(reading);
  if (reading.take(K.WITH)) {
    reading.take(K.NO);
    reading.expect(K.DATA);
  }
  return 'CreateTableAsSelect';
}

const isQueryInBrackets = (reading: Reading) => startsQuery(reading, reading.at + 1) || reading.peek(1) === OPEN;

/** Of the elements only LIKE names another table. */
function tableElements(reading: Reading): void {
  reading.expect(OPEN);
  for (let depth = 1; depth > 0; ) {
    const isElement = depth === 1 && (reading.peek(-1) === OPEN || reading.peek(-1) === COMMA);
    if (isElement && reading.take(K.LIKE)) {
      reading.mention('table');
      continue;
    }
    if (reading.type === OPEN) depth += 1;
    if (reading.type === CLOSE) depth -= 1;
    reading.at += 1;
  }
}

function commentAndProperties(reading: Reading): void {
  for (;;) {
    if (reading.take(K.COMMENT)) expressions(reading, 'operand');
    else if (reading.take(K.WITH)) skipBrackets(reading);
    else return;
  }
}

function createView(reading: Reading, statementClass: string): string {
  reading.takeIfNotExists();
  reading.mention('table');
  while (!reading.take(K.AS)) {
    if (reading.type === OPEN) skipBrackets(reading);
    else if (reading.type === 0) reading.fail();
    else reading.at += 1;
  }
  rootQuery(reading);
  return statementClass;
}

export function drop(reading: Reading): string {
  reading.expect(K.DROP);
  if (isMaterializedView(reading)) return dropTable(reading, 'DropMaterializedView');
  if (reading.take(K.VIEW)) return dropTable(reading, 'DropView');
  if (reading.take(K.TABLE)) return dropTable(reading, 'DropTable');
  switch (reading.type) {
    case K.SCHEMA:
      reading.at += 1;
      reading.takeIfExists();
      reading.mention('schema');
      return toEnd(reading, 'DropSchema');
    case K.CATALOG:
      reading.at += 1;
      reading.takeIfExists();
      reading.found('catalog', [reading.identifier()]);
      return toEnd(reading, 'DropCatalog');
    case K.ROLE:
      return toEnd(reading, 'DropRole');
    case K.FUNCTION:
      reading.at += 1;
      reading.takeIfExists();
      routineDeclaration(reading);
      return 'DropFunction';
    case K.BRANCH:
      return branch(reading, 'DropBranch');
    default:
      return reading.fail();
  }
}

function dropTable(reading: Reading, statementClass: string): string {
  reading.takeIfExists();
  reading.mention('table');
  return statementClass;
}

/** `… IN TABLE name …` */
export function branch(reading: Reading, statementClass: string): string {
  while (!reading.take(K.IN, K.TABLE)) {
    if (reading.type === 0) throw new NotUnderstood('a branch of no table');
    reading.at += 1;
  }
  reading.mention('table');
  if (!isIdentifier(reading.type) && reading.type !== K.FROM && reading.type !== 0) reading.fail();
  return toEnd(reading, statementClass);
}
