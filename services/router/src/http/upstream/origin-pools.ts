import type { OnReadOpts, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ConnectionPool } from '@trino-gateway/wire';
import { LRUCache } from 'lru-cache';
import { POOL } from './pool-limits.ts';

/** Where a cluster is. */
export type Origin = { isSecure: boolean; host: string; port: number };

/** @param url such as `https://trino-1:8443` */
export function readOrigin(url: string): Origin {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === 'https:';
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { isSecure, host, port: Number(port) || (isSecure ? 443 : 80) };
}

/** A connection that did not come about in time. */
export class LateConnectionError extends Error {}

const MOST_ORIGINS = 10_000;

/** The kept connections of the fast path to all clusters that are connected to in the same way. */
export class OriginPools implements Disposable {
  readonly #connect: (origin: Origin, onread: OnReadOpts) => Socket;
  readonly #pools = new LRUCache<string, ConnectionPool>({
    max: MOST_ORIGINS,
    dispose: (pool) => pool[Symbol.dispose](),
  });

  constructor(connect: (origin: Origin, onread: OnReadOpts) => Socket) {
    this.#connect = connect;
  }

  /** Connections to this one; new ones come about within the time, or fail. */
  at(origin: Origin, connectTimeMs: number): ConnectionPool {
    const key = `${origin.host} ${origin.port}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new ConnectionPool({
        connect: (onread) => inTime(this.#connect(origin, onread), connectTimeMs),
        mostIdle: POOL.maxFreeSockets,
        idleMs: POOL.timeout,
      });
      this.#pools.set(key, pool);
    }
    return pool;
  }

  [Symbol.dispose](): void {
    this.#pools.clear();
  }
}

function inTime(socket: Socket, timeMs: number): Socket {
  const late = () => socket.destroy(new LateConnectionError(`no connection within ${timeMs} ms`));
  const timer = setTimeout(late, timeMs);
  const stop = () => clearTimeout(timer);
  return socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', stop).once('close', stop);
}
