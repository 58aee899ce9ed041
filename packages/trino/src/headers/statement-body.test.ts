import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { statementBodyProblem } from './statement-body.ts';

const type = (...lines: string[]) => lines.flatMap((line) => ['Content-Type', line]);
const encoding = (...lines: string[]) => lines.flatMap((line) => ['content-encoding', line]);
const ascii = Buffer.from('SELECT 1');
const beyond = Buffer.from("SELECT 'é'");
const packed = [gzipSync(ascii), deflateSync(ascii), zstdCompressSync(ascii)] as const;

test.each<[string, string[], Buffer]>([
  ['no type', [], beyond],
  ['no character set', type('text/plain'), beyond],
  ['UTF-8', type('text/plain; charset=utf-8'), beyond],
  ['UTF-8 as Java spells it', type('application/json;charset="UTF8"; x=y'), beyond],
  ['ASCII', type('text/plain; charset=US-ASCII'), ascii],
  ['Latin-1 that is ASCII', type('text/plain; charset=ISO-8859-1'), ascii],
  ['no encoding', encoding('identity', ''), beyond],
  ['an encoding that is a character set', encoding('utf-8'), beyond],
  ['an encoding that nobody knows', encoding('UTF8, aws-chunked'), beyond],
  ['text that is said to be compressed', encoding('gzip'), beyond],
  ['compressed bytes that are not said to be', [], packed[0]],
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
  ['gzip', encoding('gzip'), packed[0]],
  ['gzip after identity', encoding('identity', 'gzip'), packed[0]],
  ['deflate in a list', encoding('identity, deflate'), packed[1]],
  ['zstd under another name', encoding('utf-8'), packed[2]],
])('%s may be another statement to Trino', (_, headers, body) => {
  expect(statementBodyProblem(headers, body)).toMatch(/^A statement must be (UTF-8|plain) text: send it .*"/);
});
