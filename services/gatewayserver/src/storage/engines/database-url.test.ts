import { expect, test } from '@jest/globals';
import { parseDatabaseUrl } from './database-url.ts';

test('every kind of URL leads to its engine, with the usual port', () => {
  expect(parseDatabaseUrl('sqlite:./data/gateway.db')).toEqual({ engine: 'sqlite', file: './data/gateway.db' });
  expect(parseDatabaseUrl('sqlite::memory:')).toEqual({ engine: 'sqlite', file: ':memory:' });
  for (const [scheme, engine, port] of [
    ['mysql', 'mysql', 3306],
    ['mariadb', 'mariadb', 3306],
    ['postgres', 'postgres', 5432],
    ['postgresql', 'postgres', 5432],
  ])
    expect(parseDatabaseUrl(`${scheme}://u@h/d`)).toEqual({
      engine,
      host: 'h',
      port,
      username: 'u',
      password: '',
      database: 'd',
    });
});

test('a password with the characters of a URL arrives as it was', () => {
  expect(parseDatabaseUrl('mysql://us%40er:p%40ss%2Fw%3Ard@[::1]:13306/data%20base')).toEqual({
    engine: 'mysql',
    host: '::1',
    port: 13_306,
    username: 'us@er',
    password: 'p@ss/w:rd',
    database: 'data base',
  });
});

test('TLS is off unless asked, and checks the server when told to', () => {
  expect(parseDatabaseUrl('mysql://h/d?sslmode=disable')).not.toHaveProperty('tls');
  expect(parseDatabaseUrl('mysql://h/d?sslmode=require')).toMatchObject({ tls: { rejectUnauthorized: false } });
  expect(parseDatabaseUrl('postgres://h/d?sslmode=verify-full')).toMatchObject({ tls: { rejectUnauthorized: true } });
});

test('a bad URL is refused with what is wrong, and without its password', () => {
  for (const [url, complaint] of [
    ['sqlite:', /path/],
    ['nonsense secret', /expected sqlite:PATH/],
    ['oracle://u:secret@h/d', /oracle:/],
    ['mysql://u:secret@h', /no database/],
    ['mysql://u:secret@h/d?sslmode=maybe', /sslmode/],
    ['mysql://u:secret@h/d?pool=9', /pool/],
  ] as const) {
    expect(() => parseDatabaseUrl(url)).toThrow(complaint);
    expect(() => parseDatabaseUrl(url)).not.toThrow(/secret/);
  }
});
