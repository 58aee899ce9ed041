import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { firstHeader } from '@trino-gateway/trino';

/** Looks after the request heads that are still arriving: Node keeps what it has of each, and tells nobody before its end. */
export type UnfinishedHeads = Disposable & {
  /** A connection whose requests are to be told of. */
  opened(socket: Socket): void;
  /** The head of this request has arrived. */
  ended(request: IncomingMessage): void;
  /** Connections that were closed because there were too many bytes of such heads. */
  refused(): number;
};

const LOOK_EVERY_MS = 500;
const USUAL_HEAD_BYTES = 16_384;

/** When heads beyond the usual length have more than `mostBytes` in all, the connections with the longest are closed. */
export function createUnfinishedHeads(mostBytes: number): UnfinishedHeads {
  /** How much each connection had read when its last request ended, as far as that is known. */
  const readBefore = new Map<Socket, number>();
  let refused = 0;
  const look = () => {
    const long: { socket: Socket; bytes: number }[] = [];
    let bytes = 0;
    for (const [socket, before] of readBefore) {
      const length = socket.bytesRead - before;
      if (length <= USUAL_HEAD_BYTES) continue;
      long.push({ socket, bytes: length });
      bytes += length;
    }
    if (bytes <= mostBytes) return;
    for (const one of long.sort((a, b) => b.bytes - a.bytes)) {
      if (bytes <= mostBytes) return;
      bytes -= one.bytes;
      refused += 1;
      one.socket.destroy();
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    opened: (socket) => {
      readBefore.set(socket, 0);
      socket.once('close', () => readBefore.delete(socket));
    },
    ended: (request) => {
      const { socket, rawHeaders } = request;
      if (!readBefore.has(socket)) return;
      if (firstHeader(rawHeaders, 'transfer-encoding') === undefined) {
        readBefore.set(socket, socket.bytesRead + Number(firstHeader(rawHeaders, 'content-length') ?? 0));
        return;
      }
      readBefore.set(socket, Number.POSITIVE_INFINITY);
      request.once('close', () => {
        if (!socket.destroyed) readBefore.set(socket, socket.bytesRead);
      });
    },
    refused: () => refused,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
