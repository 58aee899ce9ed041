import { expect, test } from '@jest/globals';
import { QueryFailedError, QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { DatabaseUnavailableError } from '../contract/errors.ts';
import { failureOf, withoutStatement } from './failures.ts';

const failed = (properties: object, message = 'near "secret"') =>
  new QueryFailedError("INSERT INTO t VALUES ('secret')", ['secret'], Object.assign(new Error(message), properties));

test('failures that a retry can mend are distinguished from permanent ones', () => {
  for (const code of ['SQLITE_BUSY', 'ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', '40001', '40P01', '55P03'])
    expect(failureOf(failed({ code }))).toBe('contention');
  for (const code of ['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', '57P01'])
    expect(failureOf(failed({ code }))).toBe('lost');
  expect(failureOf(failed({}, 'Connection terminated unexpectedly'))).toBe('lost');
  expect(failureOf(failed({ fatal: true }, "Can't add new command when connection is in closed state"))).toBe('lost');
  expect(failureOf(new QueryRunnerAlreadyReleasedError())).toBe('lost');
  expect(failureOf(new QueryRunnerProviderAlreadyReleasedError())).toBe('lost');
  expect(failureOf(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toBe('unavailable');
  expect(failureOf(new Error('timeout exceeded when trying to connect'))).toBe('unavailable');
  // A full disk is emptied sooner or later: what is to be stored waits for that.
  for (const code of ['SQLITE_FULL', 'ER_RECORD_FILE_FULL', '53100'])
    expect(failureOf(failed({ code }))).toBe('unavailable');
  expect(failureOf(failed({ code: '23505' }))).toBe('refused');
  expect(failureOf(new Error('from the caller'))).toBeUndefined();
});

test('no error that leaves the storage carries a statement or its values', () => {
  for (const code of ['SQLITE_BUSY', 'ECONNRESET', '57014', '23505', 'ER_DUP_ENTRY']) {
    const shown = withoutStatement(failed({ code, sql: 'secret', detail: 'secret' })) as Error;
    expect(shown.message).toContain(code);
    expect(JSON.stringify(shown, Object.getOwnPropertyNames(shown))).not.toContain('secret');
  }
  expect(withoutStatement(failed({ code: '57014' }))).toBeInstanceOf(DatabaseUnavailableError);
});

test("a caller's own error comes out as it is", () => {
  const own = new Error('mine');
  expect(withoutStatement(own)).toBe(own);
});
