import { getHeapStatistics } from 'node:v8';
import type { RouterConfig } from '@trino-gateway/config';

/** How much a router serves at a time. */
export type Bounds = {
  connections: number;
  /** Of one client address; a trusted proxy speaks for many clients, and is not bounded by it. */
  connectionsPerClient: number;
  requests: number;
  requestsPerClient: number;
  /** Requests that wait for an earlier one on their connection, over all connections: a few KB each. */
  waitingRequests: number;
  requestsPerBackend: number;
  /** Bytes of statements and of long request heads. */
  bytes: number;
  bytesPerClient: number;
};

type BoundKeys = Pick<
  RouterConfig,
  | 'max_connections'
  | 'max_connections_per_client'
  | 'max_requests'
  | 'max_requests_per_client'
  | 'max_requests_per_backend'
  | 'max_statement_bytes'
  | 'max_statement_bytes_under_way'
>;

/** A waiting client takes a third of it; the rest is room for bursts. */
const HEAP_BYTES_PER_CONNECTION = 65_536;

/** A statement is in memory up to four times: as chunks, joined, as text, and encrypted or being sent; the rest is headroom. */
const HEAP_BYTES_PER_STATEMENT_BYTE = 8;

const heapLimit = () => getHeapStatistics().heap_size_limit;

/** How many connections the heap can hold. */
export function connectionsOf(heapBytes = heapLimit()): number {
  return Math.floor(heapBytes / HEAP_BYTES_PER_CONNECTION);
}

/** As configured. What is 0 is derived from the heap; one client, or one backend, then gets three quarters at most. */
export function boundsOf(config: BoundKeys, heapBytes = heapLimit()): Bounds {
  const connections = config.max_connections || connectionsOf(heapBytes);
  const requests = config.max_requests || connections;
  const forBytes = config.max_statement_bytes_under_way || Math.floor(heapBytes / HEAP_BYTES_PER_STATEMENT_BYTE);
  const bytes = Math.max(forBytes, config.max_statement_bytes);
  return {
    connections,
    connectionsPerClient: config.max_connections_per_client || shareOf(connections),
    requests,
    requestsPerClient: config.max_requests_per_client || shareOf(requests),
    waitingRequests: requests * 4,
    requestsPerBackend: config.max_requests_per_backend || shareOf(requests),
    bytes,
    bytesPerClient: Math.max(shareOf(bytes), config.max_statement_bytes),
  };
}

const shareOf = (all: number) => Math.max(1, Math.floor(all * 0.75));
