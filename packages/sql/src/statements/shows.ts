import { K } from '../lexer/keywords.ts';
import { CLOSE, END_OF_SQL, isIdentifier, OPEN } from '../lexer/token-types.ts';
import type { NamedThing, Reading } from '../reading/reading.ts';
import { rootQuery } from './data.ts';
import { grantObject } from './grants.ts';
import { toEnd } from './to-end.ts';

// SHOW and DESCRIBE. Each function answers the class of the syntax tree.

export function describe(reading: Reading): string {
  const isLong = reading.type === K.DESCRIBE;
  reading.at += 1;
  // A table may be called input or output: then no name follows.
  if (isLong && isIdentifier(reading.peek(1))) {
    if (reading.take(K.INPUT)) return toEnd(reading, 'DescribeInput');
    if (reading.take(K.OUTPUT)) return toEnd(reading, 'DescribeOutput');
  }
  reading.mention('table');
  return 'ShowColumns';
}

export function show(reading: Reading): string {
  reading.expect(K.SHOW);
  const what = reading.type;
  reading.at += 1;
  switch (what) {
    case K.CREATE:
      return showCreate(reading);
    case K.TABLES:
      return within(reading, 'schema', 'ShowTables', []);
    case K.SCHEMAS:
      return within(reading, 'catalog', 'ShowSchemas', []);
    case K.FUNCTIONS:
      return within(reading, 'schema', 'ShowFunctions');
    case K.CATALOGS:
      return toEnd(reading, 'ShowCatalogs');
    case K.SESSION:
      return toEnd(reading, 'ShowSession');
    case K.COLUMNS:
      return within(reading, 'table', 'ShowColumns');
    case K.STATS:
      return showStats(reading);
    case K.CURRENT:
      reading.expect(K.ROLES);
      return within(reading, 'catalog', 'ShowRoles');
    case K.ROLES:
      return within(reading, 'catalog', 'ShowRoles');
    case K.ROLE:
      reading.expect(K.GRANTS);
      return within(reading, 'catalog', 'ShowRoleGrants');
    case K.GRANTS:
      if (reading.take(K.ON)) grantObject(reading);
      return 'ShowGrants';
    case K.BRANCHES:
      if (!reading.take(K.FROM)) reading.expect(K.IN);
      reading.take(K.TABLE);
      reading.mention('table');
      return 'ShowBranches';
    default:
      return reading.fail();
  }
}

function showCreate(reading: Reading): string {
  const isMaterialized = reading.take(K.MATERIALIZED);
  if (reading.take(K.VIEW) || (!isMaterialized && (reading.take(K.TABLE) || reading.take(K.FUNCTION)))) {
    const isFunction = reading.peek(-1) === K.FUNCTION;
    if (isFunction) reading.name();
    else reading.mention('table');
    return 'ShowCreate';
  }
  if (isMaterialized) reading.fail();
  reading.expect(K.SCHEMA);
  reading.mention('schema');
  return 'ShowCreate';
}

/** `FROM name` or `IN name`; without one it is about what `otherwise` names: an empty name is the session's. */
function within(reading: Reading, what: NamedThing, statementClass: string, otherwise?: readonly string[]): string {
  if (reading.take(K.FROM) || reading.take(K.IN)) reading.mention(what);
  else if (what === 'table') reading.fail();
  else if (otherwise !== undefined) reading.found(what, otherwise);
  if (reading.type !== END_OF_SQL && reading.type !== K.LIKE) reading.fail();
  return toEnd(reading, statementClass);
}

function showStats(reading: Reading): string {
  reading.expect(K.FOR);
  if (reading.take(OPEN)) {
    rootQuery(reading);
    reading.expect(CLOSE);
  } else reading.mention('table');
  return 'ShowStats';
}
