import { expect, test } from '@jest/globals';
import { statementBodyProblem } from './statement-body.ts';

const type = (...lines: string[]) => lines.flatMap((line) => ['Content-Type', line]);
const encoding = (...lines: string[]) => lines.flatMap((line) => ['content-encoding', line]);
const ascii = Buffer.from('SELECT 1');
const beyond = Buffer.from("SELECT 'é'");

test.each<[string, string[], Buffer]>([
  ['no type', [], beyond],
  ['no character set', type('text/plain'), beyond],
  ['UTF-8', type('text/plain; charset=utf-8'), beyond],
  ['UTF-8 as Java spells it', type('application/json;charset="UTF8"; x=y'), beyond],
  ['ASCII', type('text/plain; charset=US-ASCII'), ascii],
  ['Latin-1 that is ASCII', type('text/plain; charset=ISO-8859-1'), ascii],
  ['no encoding', encoding('identity', ''), beyond],
])('%s reads the same everywhere', (_, headers, body) => {
  expect(statementBodyProblem(headers, body)).toBeUndefined();
});

test.each<[string, string[], Buffer]>([
  ['UTF-16', type('text/plain; charset=utf-16le'), ascii],
  ['ISO-2022-JP', type('text/plain; charset=iso-2022-jp'), ascii],
  ['EBCDIC', type('application/octet-stream; charset=IBM037'), ascii],
  ['Latin-1 beyond ASCII', type('text/plain; charset=iso-8859-1'), beyond],
  ['ASCII beyond ASCII', type('text/plain; charset=us-ascii'), beyond],
  ['two sets, of which Trino takes the last', type('text/plain; charset=utf-8; charset=utf-16le'), ascii],
  ['a set in a second line', type('text/plain', 'text/plain; charset=utf-16le'), ascii],
  ['a name that only begins like UTF-8', type('text/plain; charset=utf-8x'), ascii],
  ['a set in the text of another parameter', type('text/plain; x="; charset=utf-8"; charset=utf-16le'), ascii],
  ['an extended parameter', type("text/plain; charset*=us-ascii''utf-16le"), ascii],
  ['gzip', encoding('gzip'), ascii],
  ['gzip after identity', encoding('identity', 'gzip'), ascii],
  ['gzip in a list', encoding('identity, gzip'), ascii],
])('%s may be another statement to Trino', (_, headers, body) => {
  expect(statementBodyProblem(headers, body)).toMatch(/^A statement must be (UTF-8|plain) text, not "/);
});
