import { describe, expect, test } from '@jest/globals';
import { analyseStatement } from '@trino-gateway/sql';
import { corpus, corpusHeaders } from './support/corpus.ts';

const statements = corpus();

test('the corpus has at least 400 statements, and fewer than three in a hundred are unknown', () => {
  expect(statements.length).toBeGreaterThanOrEqual(400);
  const unknown = statements.filter(({ tables }) => tables === undefined);
  expect(unknown.length / statements.length).toBeLessThan(0.03);
});

describe.each([...new Set(statements.map(({ file }) => file))])('%s', (file) => {
  test.each(statements.filter((one) => one.file === file))('$sql', ({ sql, kind, statementClass, tables, others }) => {
    const facts = analyseStatement(sql, corpusHeaders);
    expect({
      kind: facts.kind,
      statementClass: facts.statementClass,
      tables: facts.tablesKnown ? facts.tables : undefined,
    }).toEqual({
      kind,
      statementClass,
      tables,
    });
    expect([...facts.schemas, ...facts.catalogs]).toEqual(expect.arrayContaining([...others]));
  });
});
