import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { firstHeader } from '@trino-gateway/trino';
import type { ByteAccount, ByteBudget } from './byte-budget.ts';
import { ownerOfAddress } from './shares.ts';

/** Bounds the request heads that are still arriving: Node buffers each, and reports it only when it is complete. */
export type UnfinishedHeads = {
  /** A connection whose heads are to be watched. @param unread what was read of it before, and begins the next one; default nothing */
  opened(socket: Socket, unread?: number): void;
  /** The head of this request has arrived. */
  ended(request: IncomingMessage): void;
  /** What has arrived so far on this connection is no head, or one that has ended. */
  read(socket: Socket): void;
  /**
   * Counts what has arrived since the last call; to be called every CHECK_EVERY_MS. A 'data' listener would be more exact, but
   * would take Node's parser off its fast path to the socket, which is a third of what a poll costs.
   */
  check(): void;
  /** Connections that were closed because there was no room for what they sent. */
  refused(): number;
};

/** In this time no more arrives than an event loop can read: some tens of megabytes. */
export const CHECK_EVERY_MS = 25;

type Arriving = {
  /** How much the connection had read when its last request ended; more while a body is expected. */
  readBefore: number;
  counted: number;
  /** Open while a head is longer than usual. */
  account?: ByteAccount | undefined;
};

/** Longer heads count against the budget of bytes. */
export const USUAL_HEAD_BYTES = 16_384;

/** Heads longer than usual count against the budget as they arrive; a connection whose head does not fit is closed. */
export function createUnfinishedHeads(budget: ByteBudget): UnfinishedHeads {
  const arriving = new Map<Socket, Arriving>();
  let refused = 0;
  const refuse = (socket: Socket) => {
    refused += 1;
    socket.destroy();
  };
  const none = (head: Arriving) => {
    head.account?.close();
    head.account = undefined;
    head.counted = 0;
  };
  return {
    opened: (socket, unread = 0) => {
      const head: Arriving = { readBefore: Math.max(0, socket.bytesRead - unread), counted: 0 };
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
      none(head);
      if (firstHeader(rawHeaders, 'transfer-encoding') === undefined) {
        head.readBefore = socket.bytesRead + Number(firstHeader(rawHeaders, 'content-length') ?? 0);
        return;
      }
      head.readBefore = Number.POSITIVE_INFINITY;
      request.once('close', () => {
        head.readBefore = socket.bytesRead;
      });
    },
    read: (socket) => {
      const head = arriving.get(socket);
      if (head === undefined) return;
      none(head);
      head.readBefore = socket.bytesRead;
    },
    check: () => {
      for (const [socket, head] of arriving) {
        const length = socket.bytesRead - head.readBefore;
        if (length <= USUAL_HEAD_BYTES || length <= head.counted) continue;
        head.account ??= budget.open(ownerOfAddress(socket.remoteAddress ?? ''));
        const taken = head.account.take(length - head.counted);
        head.counted = length;
        if (taken === false) refuse(socket);
        else if (taken !== true) void taken.then((isRoom) => isRoom || refuse(socket));
      }
    },
    refused: () => refused,
  };
}
