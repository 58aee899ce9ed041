import type { Socket } from 'node:net';
import { ServerConnection, type Takers } from './connection.ts';

const SWEEP_EVERY_MS = 1_000;

export type WireServerOptions = Takers & {
  /** How long a connection may be idle between two requests. */
  keepAliveMs: number;
  /** How long it may take to begin its first request. */
  firstRequestMs: number;
  /** How long a client may take nothing of what a direct answer left for it. */
  untakenMs: number;
  /** Nothing has come on this connection in time. */
  onSilent(socket: Socket): void;
};

/**
 * Serves connections that others have accepted. It reads only what is exactly as clients of one kind send it; everything that is merely
 * unusual, late or long is handed over with its bytes.
 */
export class WireServer implements Disposable {
  readonly #options: WireServerOptions;
  readonly #keepAliveLines: string;
  readonly #connections = new Set<ServerConnection>();
  /** Those that had begun a request at the last sweep, and how many they had sent before. */
  readonly #begun = new Map<ServerConnection, number>();
  readonly #sweeping: NodeJS.Timeout;
  #isStopping = false;

  constructor(options: WireServerOptions) {
    this.#options = options;
    this.#keepAliveLines = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(options.keepAliveMs / 1_000)}\r\n`;
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref();
  }

  /** Serves this connection, of which nothing has been read. */
  take(socket: Socket): void {
    const connection: ServerConnection = new ServerConnection(socket, this.#options, {
      keepAliveLines: this.#keepAliveLines,
      onGone: () => {
        this.#connections.delete(connection);
        this.#begun.delete(connection);
      },
    });
    this.#connections.add(connection);
    if (this.#isStopping) connection.announceStop();
  }

  get size(): number {
    return this.#connections.size;
  }

  /** From now on each answer is the last of its connection. */
  announceStop(): void {
    this.#isStopping = true;
    for (const connection of this.#connections) connection.announceStop();
  }

  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.socket.destroy();
  }

  closeAll(): void {
    for (const connection of this.#connections) connection.socket.destroy();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sweeping);
    this.closeAll();
  }

  #sweep(): void {
    const now = performance.now();
    const { keepAliveMs, firstRequestMs, untakenMs } = this.#options;
    for (const connection of [...this.#connections]) {
      if (connection.untakenMs(now) > untakenMs) connection.socket.destroy();
      if (!connection.isIdle) continue;
      const idleMs = now - connection.lastAt;
      if (connection.unread > 0) {
        // What comes slowly is watched by others, who give it its time limits.
        if (this.#begun.get(connection) === connection.requests) connection.handOver();
        else this.#begun.set(connection, connection.requests);
      } else if (connection.requests > 0) {
        if (idleMs > keepAliveMs) connection.socket.destroy();
      } else if (idleMs > firstRequestMs) this.#options.onSilent(connection.socket);
    }
  }
}
