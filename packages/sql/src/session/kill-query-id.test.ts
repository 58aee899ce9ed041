import { expect, test } from '@jest/globals';
import { statementKind } from './statement-kind.ts';

// Each form was tried with a Trino 476, which says whom it looked for.
const id = '20261121_072646_00379_nitsd';

test.each([
  `VARCHAR '${id}'`,
  `"varchar" '${id}'`,
  `varchar U&'\\0032\\+000030261121_072646_00379_nitsd'`,
  `CAST('${id}' AS varchar)`,
  `cast(('${id}') as VARCHAR(100))`,
  `CAST('${id}xyz' AS varchar(27))`,
  `TRY_CAST('${id}' AS varchar)`,
  `CAST('20261121_072646' AS varchar) || ('_00379_nitsd')`,
  `('2026' || '1121') || ('_072646_00379_nitsd')`,
  `concat('20261121_072646', '_00379', concat('_', 'nitsd'))`,
  `(((('${id}'))))`,
  // No constants, but only one id in them.
  `lower('${id}')`,
  `coalesce(null, '${id}')`,
  `from_utf8(to_utf8('${id}'))`,
  `substr('id: ${id}.', 5, 27)`,
  `IF(true, '${id}', '${id}')`,
])('a kill of %s leads to that query', (expression) => {
  const kill = { kind: 'killQuery', queryId: id };
  expect(statementKind(`CALL system.runtime.kill_query(${expression}, 'because')`)).toMatchObject(kill);
  expect(statementKind(`CALL system.runtime.kill_query(message => 'm', query_id => ${expression})`)).toMatchObject(
    kill,
  );
  const immediate = `EXECUTE IMMEDIATE 'CALL system.runtime.kill_query(?, ?)' USING ${expression}, 'm'`;
  expect(statementKind(immediate)).toEqual({ ...kill, message: 'm' });
});

test.each([
  `CAST('${id}' AS varchar(8))`,
  `CAST('${id}' AS varchar(8)) || '_x'`,
  `format('%s_%s', '20261121_072646', '00379_nitsd')`,
  `lower(other)`,
  `IF(true, '${id}', '20261121_072646_00379_other')`,
  `CAST('${id}' AS)`.replace(id, 'a'),
  `VARCHAR '`,
  '',
])('a kill of %s names no query that could be known', (expression) => {
  const found = statementKind(`CALL system.runtime.kill_query(${expression}, message => '${id}')`);
  expect(found).toMatchObject({ kind: 'killQuery' });
  expect(found).not.toMatchObject({ queryId: id });
});
