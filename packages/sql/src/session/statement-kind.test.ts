import { buffer } from 'node:stream/consumers';
import { createZstdCompress, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { preparedStatement } from '@trino-gateway/trino/prepared-statements';
import fc from 'fast-check';
import { sqlTokens } from '../lexer/sql-tokens.ts';
import { statementKind } from './statement-kind.ts';
import { type StatementSession, statementSession } from './statement-session.ts';

const id = '20261121_072646_00379_nitsd';
const kill = { kind: 'killQuery', queryId: id };
const killWith = (message: string) => ({ ...kill, message });
const unknownKill = { kind: 'killQuery', queryId: undefined };
const other = { kind: 'other' };
const unreadable = (why: string) => ({
  kind: 'unreadable',
  message: `Invalid X-Trino-Prepared-Statement header${why}`,
});

describe('a kill names its query', () => {
  test.each<[string, object]>([
    [`CALL system.runtime.kill_query(query_id => '${id}', message => 'too big')`, killWith('too big')],
    [`CALL system.runtime.kill_query(message => 'a, b (c', query_id => '${id}')`, killWith('a, b (c')],
    [`call System.RunTime.Kill_Query('${id}', 'm')`, killWith('m')],
    [`CALL "system"."runtime"."KILL_QUERY"(QUERY_ID => '${id}', MESSAGE => null)`, kill],
    [`CALL "system" . runtime . "kill_query" ( '${id}' )`, kill],
    [`/* why */ CALL -- now\n system.runtime.kill_query(/*'no'*/'${id}') -- done`, kill],
    [`CALL system.runtime.kill_query(('${id}'))`, kill],
    [`CALL system.runtime.kill_query('20261121_072646' || '_00379_nitsd', 'it''s')`, killWith("it's")],
    [`CALL system.runtime.kill_query(U&'\\0032\\+000030261121_072646_00379_nitsd')`, kill],
    [`CALL system.runtime.kill_query(u&'!0032!+000030261121_072646_00379_nitsd' UESCAPE '!', 'm')`, killWith('m')],
    [`CALL system.runtime.kill_query(lower('a'), '${id}')`, { ...unknownKill, message: id }],
    [`CALL system.runtime.kill_query(message => '${id}')`, { ...unknownKill, message: id }],
    ['CALL system.runtime.kill_query()', unknownKill],
    ['CALL system.runtime.kill_query(?)', unknownKill],
    [`CALL system.runtime.kill_query('${id}`, unknownKill],
    [`CALL system.runtime.kill_query('${id}', message => 'x')`, unknownKill],
    [`CALL system.runtime.kill_query('${id}'${" || ''".repeat(600)} || 'x')`, unknownKill],
    [`CALL kill_query('${id}')`, other],
    [`CALL hive.runtime.kill_query('${id}')`, other],
    [`CALL a.system.runtime.kill_query('${id}')`, other],
    [`SELECT 'CALL system.runtime.kill_query(''${id}'')'`, other],
    [`-- CALL system.runtime.kill_query('${id}')\nSELECT 1`, other],
    [`EXPLAIN CALL system.runtime.kill_query('${id}')`, other],
  ])('%s', (sql, expected) => {
    expect(statementKind(sql)).toEqual(expected);
  });

  test.each<[string, StatementSession, object]>([
    [`CALL kill_query('${id}')`, { catalog: 'System', schema: 'runtime' }, kill],
    [`CALL runtime.kill_query('${id}')`, { catalog: 'system', schema: 'x' }, kill],
    [`CALL kill_query('${id}')`, { catalog: 'system' }, other],
    [`CALL runtime.kill_query('${id}')`, { catalog: 'tpch' }, other],
    [`CALL kill_query('${id}')`, { catalog: '\u00a0system', schema: 'runtime' }, other],
    [`CALL kill_query('${id}')`, { catalog: ' SYSTEM ', schema: 'RunTime\t' }, kill],
  ])('%s in %j', (sql, session, expected) => {
    expect(statementKind(sql, session)).toEqual(expected);
  });
});

describe('EXECUTE is resolved to the statement it runs', () => {
  const call = `CALL system.runtime.kill_query('${id}', 'm')`;
  test.each<[string, object]>([
    [`EXECUTE IMMEDIATE '${call.replaceAll("'", "''")}'`, killWith('m')],
    [`execute immediate 'call system.runtime.kill_query(?, ?)' using '${id}', 'm'`, killWith('m')],
    [`EXECUTE IMMEDIATE 'CALL system.runtime.kill_query(message => ?, query_id => ?)' USING lower('a'), '${id}'`, kill],
    [`EXECUTE IMMEDIATE 'CALL system.runtime.kill_query(query_id => ?)'`, unknownKill],
    [`EXECUTE IMMEDIATE 'EXECUTE IMMEDIATE ''COMMIT'''`, other],
    [`EXECUTE IMMEDIATE 'START TRANSACTION'`, { kind: 'startTransaction' }],
    [`EXECUTE IMMEDIATE 'SELECT ?' USING 'START TRANSACTION'`, other],
    [`EXECUTE IMMEDIATE`, other],
    ["EXECUTE IMMEDIATE U&'COMM\\0049T'", { kind: 'endTransaction' }],
    ["EXECUTE IMMEDIATE U&'COMMz0049T' UESCAPE 'z'", { kind: 'endTransaction' }],
    ["EXECUTE IMMEDIATE U&'--z000aSELECT 1 /*\nCOMMIT */' UESCAPE 'z'", other],
    ["EXECUTE IMMEDIATE U&'--Z000aSELECT 1 /*\nCOMMIT */' UESCAPE 'z'", { kind: 'endTransaction' }],
    ["EXECUTE IMMEDIATE U&'--d000aSELECT 1 /*\nCOMMIT */' UESCAPE 'd'", other],
    ["EXECUTE IMMEDIATE U&'COMMIT --\\D800'", other],
    ["EXECUTE IMMEDIATE U&'COMMIT --\\00'", other],
    [`EXECUTE IMMEDIATE U&'--\\000aSELECT 1 /*${' '.repeat(70_000)}\nCOMMIT */'`, other],
    [`EXECUTE`, other],
  ])('%s', (sql, expected) => {
    expect(statementKind(sql)).toEqual(expected);
  });

  const encoded = encodeURIComponent(call).replaceAll('%20', '+');
  const packed = (sql: string) => encodeURIComponent(`$zstd:${zstdCompressSync(sql).toString('base64url')}`);
  test.each<[string, string[], object]>([
    ['EXECUTE k', [`a=SELECT+1,k=${encoded}`], killWith('m')],
    ['EXECUTE k', ['a=SELECT+1', ` k=${encoded} `], killWith('m')],
    ['EXECUTE "K k"', [`K+k=${encoded}`], killWith('m')],
    ['EXECUTE K', [`k=${encoded}`], other],
    ['EXECUTE k', [], other],
    [`EXECUTE k USING '${id}'`, ['k=CALL+system.runtime.kill_query%28%3F%29'], kill],
    ['EXECUTE k', [`k=${packed(call)}`], killWith('m')],
    ['EXECUTE k', ['k=%24zstd%3Abm90IHpzdGQ'], other],
    ['EXECUTE k', ['k=%E0%A4%A'], other],
    ['EXECUTE k', ['k=EXECUTE+k'], other],
    ['EXECUTE immediate', ['immediate=COMMIT'], { kind: 'endTransaction' }],
    ['EXECUTE k', [`k=${encoded},k=SELECT+1`], other],
    ['EXECUTE k', [`k=${encoded}`, 'k=SELECT+1'], other],
    ['EXECUTE k', [`k=${encoded},\u0085k\u00a0=SELECT+1`], other],
    ['EXECUTE k', [`k=SELECT+1,k=${encoded}`], killWith('m')],
    ['EXECUTE k', [`k=${encoded},%6b=SELECT+1`], unreadable(': a name is spelled in two ways')],
    ['EXECUTE k', [`k=${encoded},%ff=SELECT+1`], unreadable(': a name is not UTF-8')],
    ['EXECUTE k', [`k=${encoded},k`], unreadable('')],
    ['EXECUTE k', [`k=${encoded}=`], unreadable('')],
    ["EXECUTE IMMEDIATE 'COMMIT'", ['k'], { kind: 'endTransaction' }],
    ['SELECT 1', ['k'], other],
  ])('%s with %j', (sql, preparedStatements, expected) => {
    expect(statementKind(sql, { preparedStatements })).toEqual(expected);
  });

  test('a compressed statement that is too long is not inflated, and cannot be read', () => {
    for (const sql of [' '.repeat(20 * 1024 * 1024), `${' '.repeat(1_000_000)}${call}`]) {
      const preparedStatements = [`k=${packed(sql)}`];
      expect(statementKind('EXECUTE k', { preparedStatements })).toEqual({
        kind: 'unreadable',
        message: 'The prepared statement is longer than a million characters',
      });
    }
    expect(preparedStatement([`k=${packed(`${' '.repeat(999_000)}COMMIT`)}`], 'k')).toMatch(/ COMMIT$/);
  });

  test('only the executed statement is read, and beforeInflating is called when it is compressed or long', () => {
    const lengths: number[] = [];
    const preparedStatements = [`a=${packed('x'.repeat(50_000))},k=${packed(call.padEnd(9_000))}`];
    const session = { preparedStatements, beforeInflating: (bytes: number) => void lengths.push(bytes) };
    expect(statementKind('SELECT 1', session)).toEqual(other);
    expect(statementKind('EXECUTE b', session)).toEqual(other);
    expect(lengths).toEqual([]);
    expect(statementKind('EXECUTE k', session)).toEqual(killWith('m'));
    expect(lengths).toEqual([9_000]);
    const plain = [`k=${'%20'.repeat(30_000)}${encoded}`];
    expect(statementKind('EXECUTE k', { ...session, preparedStatements: plain })).toEqual(killWith('m'));
    expect(lengths).toEqual([9_000, ((plain[0]?.length ?? 0) - 2) * 4]);
    const refuse = () => {
      throw new Error('too much');
    };
    expect(() => statementKind('EXECUTE k', { preparedStatements, beforeInflating: refuse })).toThrow('too much');
  });

  test('a frame without a length counts as the longest allowed, and is not inflated beyond that', async () => {
    const lengths: number[] = [];
    const stream = createZstdCompress();
    for (let megabytes = 0; megabytes < 8; megabytes++) stream.write(Buffer.alloc(1_000_000, ' '));
    stream.end();
    const bytes = await buffer(stream);
    const preparedStatements = [`k=${encodeURIComponent(`$zstd:${bytes.toString('base64url')}`)}`];
    const session = { preparedStatements, beforeInflating: (length: number) => void lengths.push(length) };
    expect(statementKind('EXECUTE k', session)).toMatchObject({ kind: 'unreadable' });
    expect(lengths).toEqual([3_000_000]);
  });

  test('a header of too many statements is not read one by one', () => {
    const preparedStatements = [`${'a=b,'.repeat(10_001)}k=${encoded}`];
    expect(statementKind('EXECUTE k', { preparedStatements })).toMatchObject({ kind: 'unreadable' });
    expect(statementKind('SELECT 1', { preparedStatements })).toEqual(other);
    expect(statementKind('EXECUTE k', { preparedStatements: [`${'a=b,'.repeat(9_000)}k=${encoded}`] })).toEqual(
      killWith('m'),
    );
  });
});

describe('transactions', () => {
  test.each<[string, string]>([
    ['START TRANSACTION', 'startTransaction'],
    ['start /**/ transaction ISOLATION LEVEL SERIALIZABLE, READ ONLY', 'startTransaction'],
    ['START', 'other'],
    ['START TRANSACTIONS', 'other'],
    ['COMMIT', 'endTransaction'],
    [' commit work ', 'endTransaction'],
    ['ROLLBACK', 'endTransaction'],
    ['"COMMIT"', 'other'],
    ["'COMMIT'", 'other'],
    ['COMMITS', 'other'],
    ['', 'other'],
    ['/* COMMIT', 'other'],
    ['/* /* */ COMMIT', 'endTransaction'],
    ['--\rCOMMIT', 'endTransaction'],
    ['\fCOMMIT', 'other'],
    ['\u00a0COMMIT', 'other'],
    ['\ufeffCOMMIT', 'other'],
    ['COMM\u0131T', 'other'],
    ['SELECT commit', 'other'],
  ])('%s is %s', (sql, kind) => {
    expect(statementKind(sql).kind).toBe(kind);
  });
});

test('of a repeated header the session has the first, of prepared statements all', () => {
  const twice = ['Catalog', 'Schema', 'Prepared-Statement'].flatMap((name) => [
    ...[`X-Trino-${name}`, 'a=1', `x-trino-${name.toLowerCase()}`, 'b=2'],
  ]);
  expect(statementSession(twice)).toEqual({ catalog: 'a=1', schema: 'a=1', preparedStatements: ['a=1', 'b=2'] });
});

test('comments and whitespace between tokens change nothing', () => {
  const gap = fc
    .array(fc.constantFrom(' ', '\n', '\t', '/* x \' " */', '-- it\'s "\n', '/**/'), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join(''));
  const statements = [
    [
      'CALL',
      'system',
      '.',
      'runtime',
      '.',
      'kill_query',
      '(',
      'query_id',
      '=>',
      `'${id}'`,
      ',',
      'message',
      '=>',
      "'m'",
      ')',
    ],
    ['EXECUTE', 'IMMEDIATE', "'CALL system.runtime.kill_query(?)'", 'USING', `'${id}'`],
    ['START', 'TRANSACTION', 'READ', 'ONLY'],
    ['SELECT', '"a""b"', ',', "'it''s'", 'FROM', 't'],
  ];
  fc.assert(
    fc.property(fc.constantFrom(...statements), fc.array(gap, { minLength: 20, maxLength: 20 }), (tokens, gaps) => {
      const spaced = tokens.map((token, at) => (gaps[at] ?? ' ') + token).join('') + (gaps[19] ?? '');
      expect(statementKind(spaced)).toEqual(statementKind(tokens.join(' ')));
      expect([...sqlTokens(spaced)]).toEqual([...sqlTokens(tokens.join(' '))]);
    }),
  );
});

test('it throws for no text and no header', () => {
  const piece = fc.constantFrom(
    'CALL ',
    'system.runtime.kill_query',
    '(',
    ')',
    "'",
    '"',
    "''",
    '/*',
    '*/',
    '--',
    '\n',
    'U&',
    '\\',
    ',',
    '=>',
    '?',
    'EXECUTE ',
    'IMMEDIATE ',
    'USING ',
    '||',
    'k',
    '=',
    '%',
    '$zstd:',
    'uescape ',
  );
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(
      text,
      fc.array(text),
      (sql, preparedStatements) => typeof statementKind(sql, { preparedStatements }).kind === 'string',
    ),
    { numRuns: 1000 },
  );
});

test.each([
  ['a long literal', `SELECT '${"''".repeat(5_000_000)}'`],
  ['long comments', `${'/* */'.repeat(1_000_000)}-- ${'x'.repeat(5_000_000)}`],
  ['open comments', '/*'.repeat(5_000_000)],
  ['many open quotes', `CALL ${"'".repeat(9_999_999)}`],
  ['a kill with ten million arguments', `CALL system.runtime.kill_query(${'1,'.repeat(5_000_000)}`],
  ['escaped unicode', `EXECUTE IMMEDIATE U&'${'\\0041'.repeat(2_000_000)}'`],
  ['no uescape after all', `CALL system.runtime.kill_query(U&'a' ${' '.repeat(10_000_000)}`],
])('a 10 MB statement (%s) takes no more than its length', (_name, sql) => {
  const before = process.cpuUsage();
  statementKind(sql);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(5000);
});
