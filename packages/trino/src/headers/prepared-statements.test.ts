import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { preparedStatement, preparedStatementsProblem } from './prepared-statements.ts';

// What Trino 476 was seen to read; packages/e2e/real/header-differential.test.ts asks it anew.

const packed = (sql: string) => `$zstd:${zstdCompressSync(sql).toString('base64url')}`;

describe('the SQL that a name stands for', () => {
  test.each<[string, string[], string, string | undefined]>([
    ['the last in a line', ['p=SELECT+1,p=SELECT+2'], 'p', 'SELECT 2'],
    ['the last line', ['p=SELECT+1', 'p=SELECT+2'], 'p', 'SELECT 2'],
    ['the last of all lines', ['p=SELECT+1,p=SELECT+2', 'p=SELECT+3,q=SELECT+4'], 'p', 'SELECT 3'],
    ['names without the blanks around them', [' p = SELECT+1 , p\t=\tSELECT+2 '], 'p', 'SELECT 2'],
    ['names without U+00A0 and U+0085 around them', ['p=SELECT+1,\u00a0\u0085p\u00a0=SELECT+2'], 'p', 'SELECT 2'],
    ['a + in a name is a space of it', ['p=SELECT+1,p+=SELECT+2,+p=SELECT+3'], 'p', 'SELECT 1'],
    ['names in their case', ['p=SELECT+1,P=SELECT+2'], 'p', 'SELECT 1'],
    ['an escaped name', ['%70=SELECT+1'], 'p', 'SELECT 1'],
    ['a name in Latin-1', ['\u00e9=SELECT+1'], 'é', 'SELECT 1'],
    ['a name whose UTF-8 is escaped', ['%c3%a9=SELECT+1'], 'é', 'SELECT 1'],
    ['not a name whose UTF-8 is not escaped', ['\u00c3\u00a9=SELECT+1'], 'é', undefined],
    ['no name', ['=SELECT+1'], '', 'SELECT 1'],
    ['empty items are none', [',,p=SELECT+1,,', ''], 'p', 'SELECT 1'],
    ['an empty value is no statement', ['p=SELECT+1,p='], 'p', ''],
    ['bytes that are no UTF-8', ["p=SELECT+'%ff%c3'"], 'p', "SELECT '\ufffd\ufffd'"],
    ['escapes and bytes apart', ["p=SELECT+'\u00c3%a9'"], 'p', "SELECT '\u00c3\ufffd'"],
    ['a broken escape in it', ['p=SELECT+%zz'], 'p', undefined],
    ['a cut escape in it', ['p=SELECT+1%2'], 'p', undefined],
    ['a signed escape in it', ['p=SELECT%+91'], 'p', undefined],
    ['a compressed one', [`p=SELECT+1,p=${packed('SELECT 2')}`], 'p', 'SELECT 2'],
    ['one after a compressed one', [`p=${packed('SELECT 1')},p=SELECT+2`], 'p', 'SELECT 2'],
    ['a compressed one with its prefix in capitals', ['p=$ZSTD:AAAA'], 'p', '$ZSTD:AAAA'],
    ['what is no zstd', ['p=SELECT+1,p=$zstd:AAAA'], 'p', undefined],
  ])('%s', (_, lines, name, sql) => {
    expect(preparedStatement(lines, name)).toBe(sql);
  });
});

describe('names that can be read in two ways', () => {
  test.each<[string, string[], string | undefined]>([
    ['each once', ['p=SELECT+1,q=SELECT+2'], undefined],
    ['twice, spelled alike', ['p=SELECT+1', ' p = SELECT+2'], undefined],
    ['none', ['', ',,'], undefined],
    ['twice, spelled in two ways', ['p=SELECT+1,%70=SELECT+2'], ': a name is spelled in two ways'],
    ['the same with a + and a blank', ['a b=SELECT+1,a+b=SELECT+2'], ': a name is spelled in two ways'],
    ['a broken escape in a name', ['%zz=SELECT+2,p=SELECT+1'], ': a name is not UTF-8'],
    ['no UTF-8 in a name', ['%ed%a0%80=SELECT+2,p=SELECT+1'], ': a name is not UTF-8'],
    ['U+FFFD in a name', ['%ef%bf%bd=SELECT+2,p=SELECT+1'], ': a name is not UTF-8'],
    ['no =', ['p'], ''],
    ['two =', ['p=SELECT+1=1'], ''],
    ['a = at the end', ['p=SELECT+1='], ''],
  ])('%s', (_, lines, problem) => {
    expect(preparedStatementsProblem(lines)).toBe(
      problem === undefined ? undefined : `Invalid X-Trino-Prepared-Statement header${problem}`,
    );
  });
});
