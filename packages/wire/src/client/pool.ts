import type { OnReadOpts, Socket } from 'node:net';
import { ClientConnection } from './connection.ts';

export type PoolOptions = {
  /** A new connection; it need not be there yet. Over TCP it is opened with `onread`, which saves an allocation for each read. */
  connect(onread: OnReadOpts): Socket;
  /** How many connections are kept when nobody uses them, and for how long: less than the server keeps them. */
  mostIdle: number;
  idleMs: number;
};

const SWEEP_EVERY_MS = 5_000;

/** The connections to one server. Those used last are used first, so that the others can be closed. */
export class ConnectionPool implements Disposable {
  readonly #options: PoolOptions;
  readonly #idle: ClientConnection[] = [];
  #sweeping: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** One for a request; `fresh`: none that has been used before. */
  take(fresh = false): ClientConnection {
    const kept = fresh ? undefined : this.#idle.pop();
    if (kept !== undefined) return kept;
    return new ClientConnection(this.#options.connect, { onFree: this.#free, onGone: this.#gone });
  }

  /** No connection is kept any more; those in use end behind their requests. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearInterval(this.#sweeping);
    for (const { socket } of this.#idle.splice(0)) socket.destroy();
  }

  #free = (connection: ClientConnection): void => {
    if (this.#isClosed || this.#idle.length >= this.#options.mostIdle) {
      connection.socket.destroy();
      return;
    }
    connection.idleSince = performance.now();
    this.#idle.push(connection);
    this.#sweeping ??= setInterval(this.#sweep, SWEEP_EVERY_MS).unref();
  };

  #gone = (connection: ClientConnection): void => {
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  };

  #sweep = (): void => {
    const before = performance.now() - this.#options.idleMs;
    for (const { socket, idleSince } of [...this.#idle]) if (idleSince < before) socket.destroy();
    if (this.#idle.length > 0) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  };
}
