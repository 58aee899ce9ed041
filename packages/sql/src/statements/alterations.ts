import { K } from '../lexer/keywords.ts';
import { OPEN } from '../lexer/token-types.ts';
import { expressions } from '../reading/expression.ts';
import { NotUnderstood } from '../reading/not-understood.ts';
import type { Name, Reading } from '../reading/reading.ts';
import { branch } from './definitions.ts';
import { toEnd } from './to-end.ts';

// ALTER. Each function answers the class of the syntax tree.

export function alter(reading: Reading): string {
  reading.expect(K.ALTER);
  if (reading.take(K.MATERIALIZED, K.VIEW)) return alterRelation(reading, 'RenameMaterializedView');
  if (reading.take(K.VIEW)) return alterRelation(reading, 'RenameView');
  if (reading.take(K.TABLE)) return alterTable(reading);
  if (reading.take(K.SCHEMA)) return alterSchema(reading);
  if (reading.type === K.BRANCH) return branch(reading, 'FastForwardBranch');
  // Other things have owners, too: what their names stand for is not known here.
  reading.identifier();
  reading.name();
  if (!reading.take(K.SET, K.AUTHORIZATION)) reading.fail();
  toEnd(reading, '');
  throw new NotUnderstood('the owner of something that is no table and no schema', 'SetAuthorizationStatement');
}

function alterSchema(reading: Reading): string {
  const name = reading.name();
  reading.found('schema', name);
  if (reading.take(K.SET, K.AUTHORIZATION)) return toEnd(reading, 'SetAuthorizationStatement');
  reading.expect(K.RENAME, K.TO);
  reading.found('schema', [...name.slice(0, -1), reading.identifier()]);
  return 'RenameSchema';
}

function alterTable(reading: Reading): string {
  const start = reading.at;
  reading.takeIfExists();
  reading.name();
  const { type } = reading;
  const [verb, object] = [type, reading.peek(1)];
  if (verb === K.RENAME && object === K.TO) {
    reading.at = start;
    return alterRelation(reading, 'RenameTable');
  }
  reading.at = start;
  reading.takeIfExists();
  reading.mention('table');
  reading.at += 1;
  if (verb === K.SET && reading.take(K.PROPERTIES)) return toEnd(reading, 'SetProperties');
  if (verb === K.SET && reading.take(K.AUTHORIZATION)) return toEnd(reading, 'SetAuthorizationStatement');
  if (verb === K.EXECUTE) return tableExecute(reading);
  reading.expect(K.COLUMN);
  return toEnd(reading, columnClass(reading, verb));
}

function columnClass(reading: Reading, verb: number): string {
  if (verb === K.ADD) return 'AddColumn';
  if (verb === K.RENAME) return 'RenameColumn';
  if (verb === K.DROP) return 'DropColumn';
  if (verb !== K.ALTER) return reading.fail();
  reading.name();
  if (reading.take(K.SET, K.DATA)) return 'SetColumnType';
  if (reading.take(K.SET, K.DEFAULT)) return 'SetDefaultValue';
  if (reading.take(K.DROP, K.DEFAULT)) return 'DropDefaultValue';
  reading.expect(K.DROP, K.NOT, K.NULL);
  return 'DropNotNullConstraint';
}

/** `procedure(arguments) WHERE …` */
function tableExecute(reading: Reading): string {
  reading.identifier();
  if (reading.type === OPEN) expressions(reading, 'operand');
  if (reading.take(K.WHERE)) expressions(reading, 'one');
  return 'TableExecute';
}

/** Of tables and views: a new name, properties or another owner. */
function alterRelation(reading: Reading, renameClass: string): string {
  reading.takeIfExists();
  const name = reading.name();
  reading.found('table', name);
  if (reading.take(K.SET, K.PROPERTIES)) return toEnd(reading, 'SetProperties');
  if (reading.take(K.SET, K.AUTHORIZATION)) return toEnd(reading, 'SetAuthorizationStatement');
  if (renameClass === 'RenameView' && reading.take(K.REFRESH)) return 'RefreshView';
  reading.expect(K.RENAME, K.TO);
  reading.found('table', renamed(name, reading.name()));
  return renameClass;
}

/** A new name stands in the schema of the old one, where it names none, and in its catalog. */
function renamed(from: Name, to: Name): Name {
  if (to.length >= from.length) return to;
  return [...from.slice(0, from.length - to.length), ...to];
}
