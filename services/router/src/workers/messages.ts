import type { RouterConfig } from '@trino-gateway/config';
import type { LogLevel } from '@trino-gateway/runtime';
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { QueryNews } from '../control-plane/live-queries.ts';
import type { PollNews } from '../limits/failed-polls.ts';
import type { Incarnation } from '../stickiness/coordinator.ts';
import type { PoolName } from './rooms/pools.ts';
import type { Grant, Returned } from './rooms/shared-room.ts';

// What the first process of a router and its workers say to each other. It runs over the channel between Node's processes, which
// copies values: nothing with functions in it.

/** The metrics of one process. */
export type Measured = MetricObjectWithValues<MetricValue<string>>[];

/** What workers tell each other. */
export type News = QueryNews | PollNews;

/** What a worker is to do first. */
export type Start = {
  kind: 'start';
  /** From 1; the one that takes the place of another has its number. */
  worker: number;
  /** Unique among all workers that ever were. */
  routerId: string;
  config: RouterConfig;
  logLevel: LogLevel;
  /** The port that each listener got, in their order. */
  ports: readonly number[];
  /** The content of the state file, as it would be now; undefined when nothing is known yet. */
  state: string | undefined;
  /** WatchSnapshotResponse: the last one. */
  snapshot: Uint8Array | undefined;
};

export type ToWorker =
  | Start
  /** Comes with the connection. */
  | { kind: 'connection'; listener: number; connection: number; isAdmitted: boolean }
  /** To a call: the message of its answer. */
  | { kind: 'answer'; call: number; answer: Uint8Array }
  | { kind: 'failure'; call: number; code: number; message: string; gatewayserver: string | undefined }
  | { kind: 'snapshot'; snapshot: Uint8Array }
  | { kind: 'incarnation'; incarnation: Incarnation }
  /** Of another worker. */
  | { kind: 'news'; news: News }
  | { kind: 'grant'; question: number; grant: Grant }
  | { kind: 'collect'; question: number; pool: PoolName; owner: string | undefined }
  | { kind: 'measure'; question: number }
  | { kind: 'reconfigured'; config: RouterConfig; logLevel: LogLevel }
  /** To be answered at once. */
  | { kind: 'ping' }
  | { kind: 'stopAnnounced' }
  | { kind: 'stop' };

export type ToPrimary =
  | { kind: 'loaded' }
  | { kind: 'serving' }
  | { kind: 'pong' }
  /** Connections that it has now, and those that have closed. */
  | { kind: 'connections'; taken: readonly number[]; closed: readonly number[] }
  /** A call of the gatewayserver: `trinogateway.v1.RoutingService/Route`, and its message. */
  | { kind: 'call'; call: number; method: string; request: Uint8Array; timeoutMs: number | undefined }
  | { kind: 'dropped'; call: number }
  /** For the other workers. */
  | { kind: 'news'; news: News }
  | { kind: 'ask'; question: number; pool: PoolName; owner: string; count: number }
  | { kind: 'took'; pool: PoolName; owner: string; count: number }
  /** Of its own accord, or as answer to `collect`. */
  | { kind: 'returned'; pool: PoolName; returned: Returned; question?: number }
  | { kind: 'measured'; question: number; metrics: Measured };

/** Sends to the other side, while there is one. */
export type Send<Message> = (message: Message) => void;
