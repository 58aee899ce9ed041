import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * What is still to come on a connection to a server, from these bytes on, for Node's client (`createConnection`): what that writes to it has
 * been sent already.
 */
export class Rest extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket, unread: Buffer) {
    super();
    this.#socket = socket;
    this.push(unread);
    socket
      .on('data', (chunk: Buffer) => {
        if (!this.push(chunk)) socket.pause();
      })
      .on('end', () => this.push(null))
      .on('error', (error) => this.destroy(error))
      .on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
