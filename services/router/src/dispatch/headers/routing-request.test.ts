import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { RoutingNeedsSchema } from '@trino-gateway/api/gateway';
import { credentialsForRouting, headersForRouting } from './routing-request.ts';

const sent = [
  ['X-Trino-User', 'alice'],
  ['Authorization', 'Basic YWxpY2U6c2VjcmV0'],
  ['X-Trino-Extra-Credential', 'token=abc'],
  ['x-presto-extra-credential', 'token=def'],
  ['X-Trino-Prepared-Statement', 'q=SELECT+1'],
  ['Cookie', 'Trino-UI-Token=t'],
  ['X-Api-Key', 'k'],
  ['X-Trino-Internal-Bearer', 'b'],
].flat();
const needs = (given: { preparedStatements?: boolean; authorization?: boolean; extraCredentials?: boolean }) =>
  create(RoutingNeedsSchema, given);
const names = (headers: { name: string }[]) => headers.map(({ name }) => name.toLowerCase());

test('of what is secret or long the gatewayserver gets nothing that its chain does not need', () => {
  for (const none of [undefined, needs({})]) {
    expect(names(headersForRouting(sent, none))).toEqual(['x-trino-user']);
    expect(credentialsForRouting(sent, none)).toEqual([]);
  }
});

test('prepared statements are headers, and credentials are kept apart from them', () => {
  const all = needs({ preparedStatements: true, authorization: true, extraCredentials: true });
  expect(names(headersForRouting(sent, all))).toEqual(['x-trino-user', 'x-trino-prepared-statement']);
  expect(names(credentialsForRouting(sent, all))).toEqual([
    'authorization',
    'x-trino-extra-credential',
    'x-presto-extra-credential',
  ]);
  expect(names(credentialsForRouting(sent, needs({ extraCredentials: true })))).toEqual([
    'x-trino-extra-credential',
    'x-presto-extra-credential',
  ]);
  expect(names(credentialsForRouting(sent, needs({ authorization: true })))).toEqual(['authorization']);
});

test('a prepared statement may be as long as a statement, other values not', () => {
  const long = 'x'.repeat(100_000);
  const lines = ['X-Trino-Prepared-Statement', long, 'X-Trino-Client-Info', long];
  expect(names(headersForRouting(lines, needs({ preparedStatements: true })))).toEqual(['x-trino-prepared-statement']);
});
