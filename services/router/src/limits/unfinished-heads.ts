import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { firstHeader } from '@trino-gateway/trino';
import type { ByteAccount, ByteBudget } from './byte-budget.ts';
import { ownerOfAddress } from './shares.ts';

/** Looks after the request heads that are still arriving: Node keeps what it has of each, and tells nobody before its end. */
export type UnfinishedHeads = {
  /** A connection whose requests are to be told of. */
  opened(socket: Socket): void;
  /** The head of this request has arrived. */
  ended(request: IncomingMessage): void;
  /**
   * Counts what has arrived since it was last called; to be called every LOOK_EVERY_MS. A listener for each piece would be more
   * exact, and would take from Node's parser the short way to its socket, a third of what a poll costs.
   */
  look(): void;
  /** Connections that were closed because there was no room for what they sent. */
  refused(): number;
};

/** In this time no more arrives than an event loop can read: some tens of megabytes. */
export const LOOK_EVERY_MS = 25;

type Arriving = {
  /** How much the connection had read when its last request ended; more while a body is expected. */
  readBefore: number;
  counted: number;
  /** Open while there is a head of more than the usual length. */
  account?: ByteAccount | undefined;
};

const USUAL_HEAD_BYTES = 16_384;

/** Heads beyond the usual length count against the budget as they arrive; a connection for whose head there is no room is closed. */
export function createUnfinishedHeads(budget: ByteBudget): UnfinishedHeads {
  const arriving = new Map<Socket, Arriving>();
  let refused = 0;
  return {
    opened: (socket) => {
      const head: Arriving = { readBefore: 0, counted: 0 };
      arriving.set(socket, head);
      socket.once('close', () => {
        arriving.delete(socket);
        head.account?.close();
      });
    },
    ended: (request) => {
      const { socket, rawHeaders } = request;
      const head = arriving.get(socket);
      if (head === undefined) return;
      head.account?.close();
      head.account = undefined;
      head.counted = 0;
      if (firstHeader(rawHeaders, 'transfer-encoding') === undefined) {
        head.readBefore = socket.bytesRead + Number(firstHeader(rawHeaders, 'content-length') ?? 0);
        return;
      }
      head.readBefore = Number.POSITIVE_INFINITY;
      request.once('close', () => {
        head.readBefore = socket.bytesRead;
      });
    },
    look: () => {
      for (const [socket, head] of arriving) {
        const length = socket.bytesRead - head.readBefore;
        if (length <= USUAL_HEAD_BYTES || length <= head.counted) continue;
        head.account ??= budget.open(ownerOfAddress(socket.remoteAddress ?? ''));
        if (head.account.take(length - head.counted)) {
          head.counted = length;
          continue;
        }
        refused += 1;
        socket.destroy();
      }
    },
    refused: () => refused,
  };
}
