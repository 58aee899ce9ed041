import { getHeapStatistics } from 'node:v8';
import type { RouterConfig } from '@trino-gateway/config';

/** How much a router takes on at a time. */
export type Bounds = {
  connections: number;
  /** Of one client address; a trusted proxy is no client. */
  connectionsPerClient: number;
  requests: number;
  requestsPerClient: number;
  /** Requests that wait for an earlier one on their connection, of all connections: a few KB each. */
  waitingRequests: number;
  requestsPerBackend: number;
  /** Bytes of statements, and of long heads. */
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

/** A waiting client takes a third of it; the rest is for what comes in a burst. */
const HEAP_BYTES_PER_CONNECTION = 65_536;

/** A byte of a statement is there up to four times: as it came, put together, as text, and encrypted or on its way. */
const HEAP_BYTES_PER_STATEMENT_BYTE = 8;

const heapLimit = () => getHeapStatistics().heap_size_limit;

/** How many connections the heap can hold. */
export function connectionsOf(heapBytes = heapLimit()): number {
  return Math.floor(heapBytes / HEAP_BYTES_PER_CONNECTION);
}

/** As configured; what is 0 follows from the heap, and leaves a quarter to others than one client or backend. */
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
