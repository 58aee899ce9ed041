import { K } from '../lexer/keywords.ts';
import { OPEN } from '../lexer/token-types.ts';
import { expressions } from '../reading/expression.ts';
import type { Reading } from '../reading/reading.ts';
import { toEnd } from './to-end.ts';

// Statements about the session, and a few short ones. Each function answers the class of the syntax tree.

export function use(reading: Reading): string {
  reading.expect(K.USE);
  const name = reading.name();
  if (name.length > 2) reading.fail();
  reading.found('schema', name);
  return 'Use';
}

export function set(reading: Reading): string {
  reading.expect(K.SET);
  if (reading.take(K.SESSION, K.AUTHORIZATION)) return toEnd(reading, 'SetSessionAuthorization');
  if (reading.take(K.SESSION)) return toEnd(reading, 'SetSession');
  if (reading.take(K.ROLE)) return toEnd(reading, 'SetRole');
  if (reading.take(K.PATH)) return toEnd(reading, 'SetPath');
  reading.expect(K.TIME, K.ZONE);
  return toEnd(reading, 'SetTimeZone');
}

export function reset(reading: Reading): string {
  reading.expect(K.RESET, K.SESSION);
  return toEnd(reading, reading.take(K.AUTHORIZATION) ? 'ResetSessionAuthorization' : 'ResetSession');
}

export function startTransaction(reading: Reading): string {
  reading.expect(K.START, K.TRANSACTION);
  return toEnd(reading, 'StartTransaction');
}

export function endTransaction(reading: Reading): string {
  const statementClass = reading.type === K.COMMIT ? 'Commit' : 'Rollback';
  reading.at += 1;
  reading.take(K.WORK);
  return statementClass;
}

export function deallocate(reading: Reading): string {
  reading.expect(K.DEALLOCATE, K.PREPARE);
  reading.identifier();
  return 'Deallocate';
}

export function call(reading: Reading): string {
  reading.expect(K.CALL);
  reading.mention('procedure');
  if (reading.type !== OPEN) reading.fail();
  expressions(reading, 'operand');
  return 'Call';
}

export function analyze(reading: Reading): string {
  reading.expect(K.ANALYZE);
  reading.mention('table');
  return toEnd(reading, 'Analyze');
}

export function truncate(reading: Reading): string {
  reading.expect(K.TRUNCATE, K.TABLE);
  reading.mention('table');
  return 'TruncateTable';
}

export function refresh(reading: Reading): string {
  reading.expect(K.REFRESH, K.MATERIALIZED, K.VIEW);
  reading.mention('table');
  return 'RefreshMaterializedView';
}

export function comment(reading: Reading): string {
  reading.expect(K.COMMENT, K.ON);
  if (reading.take(K.COLUMN)) {
    const name = reading.name();
    if (name.length < 2) reading.fail();
    reading.found('table', name.slice(0, -1));
  } else if (reading.take(K.TABLE) || reading.take(K.VIEW)) reading.mention('table');
  else reading.fail();
  reading.expect(K.IS);
  return toEnd(reading, 'Comment');
}
