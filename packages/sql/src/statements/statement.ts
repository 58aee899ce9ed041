import { K } from '../lexer/keywords.ts';
import { CLOSE, END_OF_SQL, OPEN } from '../lexer/token-types.ts';
import type { Reading } from '../reading/reading.ts';
import { alter } from './alterations.ts';
import { insert, merge, remove, rootQuery, update } from './data.ts';
import { create, drop } from './definitions.ts';
import { deny, grant, revoke } from './grants.ts';
import * as sessions from './sessions.ts';
import { describe, show } from './shows.ts';

/** By the word with which a statement begins. */
const readers: ReadonlyMap<number, (reading: Reading) => string> = new Map([
  [K.SELECT, rootQuery],
  [K.WITH, rootQuery],
  [K.TABLE, rootQuery],
  [K.VALUES, rootQuery],
  [OPEN, rootQuery],
  [K.INSERT, insert],
  [K.DELETE, remove],
  [K.UPDATE, update],
  [K.MERGE, merge],
  [K.CREATE, create],
  [K.DROP, drop],
  [K.ALTER, alter],
  [K.SHOW, show],
  [K.DESCRIBE, describe],
  [K.DESC, describe],
  [K.GRANT, grant],
  [K.REVOKE, revoke],
  [K.DENY, deny],
  [K.USE, sessions.use],
  [K.SET, sessions.set],
  [K.RESET, sessions.reset],
  [K.START, sessions.startTransaction],
  [K.COMMIT, sessions.endTransaction],
  [K.ROLLBACK, sessions.endTransaction],
  [K.DEALLOCATE, sessions.deallocate],
  [K.CALL, sessions.call],
  [K.ANALYZE, sessions.analyze],
  [K.TRUNCATE, sessions.truncate],
  [K.REFRESH, sessions.refresh],
  [K.COMMENT, sessions.comment],
]);

/** The class of the syntax tree, and that of the statement by which resource groups name it. */
export type StatementClass = { statementClass: string; kindClass: string };

/** Reads a statement to its end, and what stands before it. */
export function statement(reading: Reading): StatementClass {
  const classes = wrappers(reading);
  const read = readers.get(reading.type);
  if (read === undefined) reading.fail();
  classes.push(read(reading));
  if (reading.type !== END_OF_SQL) reading.fail();
  const [statementClass = ''] = classes;
  return { statementClass, kindClass: classes.find((one) => one !== 'ExplainAnalyze') ?? '' };
}

function wrappers(reading: Reading): string[] {
  const classes: string[] = [];
  for (;;) {
    if (reading.take(K.EXPLAIN)) classes.push(explainAnalyze(reading) ? 'ExplainAnalyze' : 'Explain');
    else if (reading.take(K.PREPARE)) {
      classes.push('Prepare');
      reading.identifier();
      reading.expect(K.FROM);
    } else return classes;
  }
}

/** Passes over the options of EXPLAIN, which a query in brackets may follow as well. */
function explainAnalyze(reading: Reading): boolean {
  if (reading.take(K.ANALYZE)) {
    reading.take(K.VERBOSE);
    return true;
  }
  if (reading.type === OPEN && (reading.isWord(reading.at + 1, 'TYPE') || reading.isWord(reading.at + 1, 'FORMAT'))) {
    while (!reading.take(CLOSE)) {
      if (reading.peek(0) === END_OF_SQL) reading.fail();
      reading.at += 1;
    }
  }
  return false;
}
