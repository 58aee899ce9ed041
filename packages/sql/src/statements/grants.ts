import { K } from '../lexer/keywords.ts';
import { END_OF_SQL, isIdentifier } from '../lexer/token-types.ts';
import { NotUnderstood } from '../reading/not-understood.ts';
import type { Reading } from '../reading/reading.ts';
import { toEnd } from './to-end.ts';

// GRANT, REVOKE and DENY. Each function answers the class of the syntax tree.

export function grant(reading: Reading): string {
  return privileges(reading, K.TO, 'Grant', 'GrantRoles');
}

export function revoke(reading: Reading): string {
  return privileges(reading, K.FROM, 'Revoke', 'RevokeRoles');
}

export function deny(reading: Reading): string {
  return privileges(reading, K.TO, 'Deny', '');
}

/** What stands before ON are privileges; roles have no ON. */
function privileges(reading: Reading, until: number, withObject: string, withoutObject: string): string {
  reading.at += 1;
  while (reading.type !== K.ON) {
    if (reading.type === END_OF_SQL) reading.fail();
    if (reading.type === until) return withoutObject === '' ? reading.fail() : toEnd(reading, withoutObject);
    reading.at += 1;
  }
  reading.at += 1;
  try {
    grantObject(reading);
  } catch (error) {
    throw error instanceof NotUnderstood ? new NotUnderstood(error.message, withObject) : error;
  }
  if (reading.type !== until) reading.fail();
  return toEnd(reading, withObject);
}

/** `name`, `TABLE name`, `SCHEMA name`, or some other thing that an access control knows. */
export function grantObject(reading: Reading): void {
  const hasKind = isIdentifier(reading.type) && isIdentifier(reading.peek(1)) && reading.peek(1) !== K.TO;
  if (reading.take(K.TABLE) || !hasKind) reading.mention('table');
  else if (reading.take(K.SCHEMA)) reading.mention('schema');
  else throw new NotUnderstood('a privilege on something that is no table and no schema');
}
