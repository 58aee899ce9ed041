import { K } from '../lexer/keywords.ts';
import { CLOSE, COLON, COMMA, DOLLAR_STRING, END_OF_SQL, isIdentifier, OPEN, SEMICOLON } from '../lexer/token-types.ts';
import { startsQuery } from '../reading/ahead.ts';
import { expressions } from '../reading/expression.ts';
import type { Reading } from '../reading/reading.ts';
import { skipBrackets } from '../reading/skip.ts';

const { BEGIN, CASE, DO, ELSE, END, IF, LOOP, REPEAT, THEN, WHILE } = K;
const BLOCKS: ReadonlySet<number> = new Set([BEGIN, CASE, IF, LOOP, REPEAT, WHILE]);
/** After these a statement of a routine begins. */
const BEFORE_STATEMENT: ReadonlySet<number> = new Set([BEGIN, THEN, ELSE, LOOP, DO, REPEAT, SEMICOLON, COLON]);
const NO_STATEMENT = -1;

/** `FUNCTION … , FUNCTION …`, before a query. */
export function routineSpecifications(reading: Reading): void {
  do routineSpecification(reading);
  while (reading.take(COMMA));
}

/** Trino allows no query within a routine: what it does is passed over. */
export function routineSpecification(reading: Reading): void {
  reading.expect(K.FUNCTION);
  reading.name();
  if (reading.type !== OPEN) reading.fail();
  skipBrackets(reading);
  while (!startsBody(reading)) {
    if (reading.type === OPEN) skipBrackets(reading);
    else reading.at += 1;
    if (reading.peek(0) === END_OF_SQL || (startsQuery(reading, reading.at) && reading.peek(1) !== OPEN))
      reading.fail();
  }
  if (reading.take(K.AS)) reading.expect(DOLLAR_STRING);
  else if (reading.take(K.RETURN)) expressions(reading, 'one');
  else block(reading);
}

/** WITH begins properties here, which are in brackets. */
function startsBody(reading: Reading): boolean {
  const { type } = reading;
  if (type === K.WITH && reading.peek(1) === OPEN) reading.at += 1;
  return type === K.RETURN || type === K.AS || (BLOCKS.has(type) && reading.peek(1) !== OPEN) || type === K.SET;
}

/** From BEGIN, IF, CASE … to the END of it. Within expressions CASE has an END as well; IF and REPEAT are functions there. */
function block(reading: Reading): void {
  const open: number[] = [];
  let isStatement = true;
  do {
    const { type } = reading;
    if (type === END_OF_SQL) reading.fail();
    if (type === END) {
      const opened = open.pop();
      if (opened === undefined) reading.fail();
      const isBlock = opened !== BEGIN && opened !== NO_STATEMENT;
      if (isBlock && reading.peek(1) !== opened) reading.fail();
      reading.at += isBlock ? 2 : 1;
      isStatement = false;
      continue;
    }
    if (isStatement && BLOCKS.has(type)) open.push(type);
    else if (type === CASE) open.push(NO_STATEMENT);
    reading.at += 1;
    if (isStatement && isIdentifier(type) && reading.type === COLON) continue;
    isStatement = BEFORE_STATEMENT.has(type) && open.at(-1) !== NO_STATEMENT;
  } while (open.length > 0);
}

/** `name(types)`, as DROP FUNCTION says it. */
export function routineDeclaration(reading: Reading): void {
  reading.name();
  if (reading.type !== OPEN) reading.fail();
  skipBrackets(reading);
  if (reading.at > 0 && reading.peek(-1) !== CLOSE) reading.fail();
}
