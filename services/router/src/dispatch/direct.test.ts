import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { Backend_Forwarding as Forwarding, SnapshotBackendSchema } from '@trino-gateway/api/gateway';
import { directView } from './direct.ts';
import type { Submission } from './submission.ts';

const client = {
  ip: '10.0.0.9',
  scheme: 'http',
  authority: 'gw:8080',
  prefix: '',
  host: 'gw',
  forwardedFor: '10.0.0.9',
} as const;
const submission = (statement: string, { presto = false, rawHeaders = [] as string[] } = {}) =>
  ({ statement, exchange: { client, presto, rawHeaders } }) as unknown as Submission;
const backend = (forwarding: Forwarding, externalUrl = '') =>
  create(SnapshotBackendSchema, { id: 'a', url: 'http://a:8080', forwarding, externalUrl });

test.each<[string, string, string, string]>([
  ['its own address', '', 'http', 'a:8080'],
  ['its external address', 'https://trino.example:8443', 'https', 'trino.example:8443'],
  ['its external address without the port of the scheme', 'https://trino.example:443', 'https', 'trino.example'],
  ['an address of numbers', 'http://[::1]:8080', 'http', '[::1]:8080'],
])('a DIRECT cluster is to name %s', (_, externalUrl, scheme, authority) => {
  const view = directView(backend(Forwarding.DIRECT, externalUrl), submission('SELECT 1'));
  expect(view).toEqual({ ...client, scheme, authority, prefix: '' });
});

test.each<[string, Forwarding, Submission]>([
  ['of a PROXY cluster', Forwarding.PROXY, submission('SELECT 1')],
  ['of a cluster whose setting is unknown', Forwarding.FORWARDING_UNSPECIFIED, submission('SELECT 1')],
  ['of an X-Presto client', Forwarding.DIRECT, submission('SELECT 1', { presto: true })],
  ['of what starts a transaction', Forwarding.DIRECT, submission(' /* now */ start transaction read only')],
  [
    'of a prepared statement that starts one',
    Forwarding.DIRECT,
    submission('EXECUTE s', { rawHeaders: ['X-Trino-Prepared-Statement', 's=START%20TRANSACTION'] }),
  ],
])('the pages %s pass the router', (_, forwarding, asked) => {
  expect(directView(backend(forwarding, 'https://trino.example'), asked)).toBeUndefined();
});
