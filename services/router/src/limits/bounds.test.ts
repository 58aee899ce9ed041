import { expect, test } from '@jest/globals';
import { boundsOf } from './bounds.ts';

const derived = {
  max_connections: 0,
  max_connections_per_client: 0,
  max_requests: 0,
  max_requests_per_client: 0,
  max_requests_per_backend: 0,
  max_statement_bytes: 1_000,
  max_statement_bytes_under_way: 0,
};

test('without settings the bounds follow from the heap, and one client or backend leaves a quarter to others', () => {
  expect(boundsOf(derived, 65_536 * 8_000)).toEqual({
    connections: 8_000,
    connectionsPerClient: 6_000,
    requests: 8_000,
    requestsPerClient: 6_000,
    waitingRequests: 32_000,
    requestsPerBackend: 6_000,
    bytes: 65_536_000,
    bytesPerClient: 49_152_000,
  });
});

test('a setting overrides the heap, and derived limits follow the setting', () => {
  expect(boundsOf({ ...derived, max_connections: 100 })).toMatchObject({ requests: 100, requestsPerClient: 75 });
  const set = { ...derived, max_requests: 40, max_requests_per_client: 40, max_requests_per_backend: 7 };
  expect(boundsOf(set)).toMatchObject({ requests: 40, requestsPerClient: 40, requestsPerBackend: 7 });
  expect(boundsOf({ ...derived, max_statement_bytes_under_way: 4_000 })).toMatchObject({
    bytes: 4_000,
    bytesPerClient: 3_000,
  });
  expect(boundsOf({ ...derived, max_requests: 1 })).toMatchObject({ requestsPerClient: 1, requestsPerBackend: 1 });
});

test('the longest allowed statement always fits', () => {
  const { bytes, bytesPerClient } = boundsOf({ ...derived, max_statement_bytes: 16_777_216 }, 65_536 * 100);
  expect([bytes, bytesPerClient]).toEqual([16_777_216, 16_777_216]);
});
