import { expect, test } from '@jest/globals';
import { analyseStatement } from '@trino-gateway/sql';
import fc from 'fast-check';
import { corpus, corpusHeaders } from './support/corpus.ts';

const statements = corpus().map(({ sql }) => sql);
const pieces = [...new Set(statements.flatMap((sql) => sql.match(/\w+|\s|[^\w\s]/g) ?? []))];

const piece = fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3, unit: 'grapheme' }), fc.constant(''));
/** A statement of the corpus in which pieces were replaced, dropped, added, or moved. */
const mutated = fc
  .tuple(
    fc.constantFrom(...statements),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 30 }), piece), { maxLength: 4 }),
  )
  .map(([sql, changes]) =>
    changes.reduce((text, [where, length, by]) => {
      const at = Math.floor(where * text.length);
      return text.slice(0, at) + by + text.slice(at + length);
    }, sql),
  );

test('no text makes it throw, and what is unknown has a reason and no tables', () => {
  fc.assert(
    fc.property(fc.oneof(mutated, mutated, fc.string({ unit: 'binary' })), (sql) => {
      const facts = analyseStatement(sql, corpusHeaders);
      expect(facts.tablesKnown).toBe(facts.unknown === '');
      if (!facts.tablesKnown) expect([facts.tables, facts.catalogs, facts.schemas].flat()).toEqual([]);
      expect(facts.shape()).toMatch(/^[0-9a-f]{16}$/);
      expect(Array.isArray(facts.columns)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('above a million characters a statement is unknown, and has no shape', () => {
  const facts = analyseStatement(`SELECT 1${' '.repeat(1_000_000)}`, []);
  expect(facts).toMatchObject({ kind: 'UNKNOWN', tablesKnown: false, unknown: 'more than 1000000 characters' });
  expect([facts.shape(), facts.columns]).toEqual(['', []]);
});

test('a reason shows nothing of the statement', () => {
  for (const sql of [
    "SELECT 'secret' FROM (",
    'SELECT "secret" FROM `secret`',
    'CREATE secret',
    'SELECT * FROM s.secret',
  ])
    expect(analyseStatement(sql, []).unknown).not.toContain('secret');
});
