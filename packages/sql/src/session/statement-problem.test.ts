import { expect, test } from '@jest/globals';
import { statementProblem } from './statement-problem.ts';
import { harmlessCases, problemCases } from './statement-problem-cases.ts';
import { statementSession } from './statement-session.ts';

test.each(problemCases)('$sql is refused with $error at $at', ({ sql, headers = [], error, at }) => {
  const problem = statementProblem(sql, statementSession(headers));
  expect(problem?.name).toBe(error);
  const prefix = at === undefined ? 'Prepared statement not found: ' : `line ${at.join(':')}: `;
  expect(problem?.message.startsWith(prefix)).toBe(true);
});

test.each(harmlessCases)('%s is not', (sql, headers = []) => {
  expect(statementProblem(sql, statementSession(headers))).toBeUndefined();
});

test.each([
  ['another language between dollars', "CREATE FUNCTION f() RETURNS bigint LANGUAGE PYTHON AS $$\n# it's (\n$$"],
  ['escapes that only the cluster reads', "SELECT U&'\\zz'"],
  ['a word that a later Trino may know', 'VACUUM t'],
  ['a word that is not close to any', 'SLEEP'],
  ['characters that a later Trino may know', 'SELECT @a, #, é'],
  ['a mistake that takes a parser', 'SELECT FROM'],
  ['a name that is no name', 'EXECUTE nope()'],
  ['a table called input', 'DESCRIBE input'],
  ['more than a hundred thousand characters', `SELECT (${' '.repeat(100_000)}`],
])('%s is left to the cluster', (_, sql) => {
  expect(statementProblem(sql, {})).toBeUndefined();
});

test('a message shows nothing of what stands between quotes, and little of a word', () => {
  const messages = ["'secret'", "SELECT 'secret", '"secret"', "U&'secret'"].map(
    (sql) => statementProblem(sql, {})?.message,
  );
  for (const message of messages) expect(message).not.toContain('secret');
  expect(statementProblem(`${'9'.repeat(99_999)}`, {})?.message.length).toBeLessThan(200);
});

test('a statement of a hundred thousand brackets is read in no time', () => {
  const began = performance.now();
  expect(statementProblem(`SELECT ${'('.repeat(99_000)}`, {})?.name).toBe('SYNTAX_ERROR');
  expect(performance.now() - began).toBeLessThan(1_000);
});
