import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { MOST_HEAD_BYTES } from '@trino-gateway/trino';
import type { UnfinishedHeads } from '../limits/unfinished-heads.ts';
import { http2Messages, type Peer } from './http2-messages.ts';
import type { TakeRequest } from './request-order.ts';

/** The connections of a listener whose clients speak HTTP/2. */
export type Http2Sessions = {
  /** Serves a connection whose client has chosen HTTP/2. */
  accept(socket: Socket): void;
  /** Each connection takes no more requests, and is closed with its last answer (GOAWAY). One that comes later serves one request. */
  announceStop(): void;
  /** Closes all connections. */
  destroy(): void;
};

export type Http2Options = {
  heads?: Pick<UnfinishedHeads, 'opened' | 'read'> | undefined;
  /** How long a connection may be without a request, and how long its first one may take to come. */
  keepAliveMs: number;
  firstRequestMs: number;
};

const CHECK_EVERY_MS = 5_000;

const OPTIONS: ServerOptions & { strictSingleValueFields: boolean } = {
  settings: {
    maxHeaderListSize: MOST_HEAD_BYTES,
    // Of frames of the usual 16 KB a head may have nine (nghttp2 bounds CONTINUATION); clients that heed this send longer heads, too.
    maxFrameSize: 1_048_576,
    // Beyond it clients open further connections, as meshes do that speak for many.
    maxConcurrentStreams: 128,
    enablePush: false,
  },
  // Bytes bound a head, not lines.
  maxHeaderListPairs: 100_000,
  // Room for a chunk of each stream that waits for a slow client, in megabytes.
  maxSessionMemory: 32,
  // Rapid reset (CVE-2023-44487): so many at once, so many a second; beyond it the connection is closed.
  streamResetBurst: 256,
  streamResetRate: 32,
  // A cluster's answer may repeat any line.
  strictSingleValueFields: false,
};

type Known = { open: number; idleSince: number; isNew: boolean };

/** Bounds of HTTP/2 itself (SETTINGS, PING, CONTINUATION, empty frames) are those of nghttp2 and Node. */
export function createHttp2Sessions(
  take: TakeRequest,
  { heads, keepAliveMs, firstRequestMs }: Http2Options,
): Http2Sessions {
  const sessions = new Map<ServerHttp2Session, Known>();
  let stopping = false;
  let checking: NodeJS.Timeout | undefined;
  const closeIdle = () => {
    for (const [session, { open, idleSince, isNew }] of sessions)
      if (open === 0 && performance.now() - idleSince > (isNew ? firstRequestMs : keepAliveMs)) session.close();
  };
  const follow = (session: ServerHttp2Session, known: Known, socket: Socket) => {
    sessions.set(session, known);
    checking ??= setInterval(closeIdle, CHECK_EVERY_MS).unref();
    session.on('error', () => {}); // the session closes itself
    session.once('close', () => {
      sessions.delete(session);
      if (sessions.size > 0) return;
      clearInterval(checking);
      checking = undefined;
    });
    heads?.opened(socket);
  };
  return {
    accept: (socket) => {
      const { remoteAddress, localAddress } = socket;
      const peer: Peer = { remoteAddress, localAddress, encrypted: (socket as Partial<TLSSocket>).encrypted === true };
      const known = { open: 0, idleSince: performance.now(), isNew: true };
      // The server of HTTP/1.1 lets a client close its side alone; one of HTTP/2 that does has gone.
      socket.once('end', () => socket.destroy());
      const session = performServerHandshake(socket, OPTIONS);
      follow(session, known, socket);
      const read = () => heads?.read(socket);
      session.on(
        'stream',
        (stream: ServerHttp2Stream, _headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
          known.open += 1;
          known.isNew = false;
          stream.once('close', () => {
            known.open -= 1;
            known.idleSince = performance.now();
            read();
          });
          read();
          stream.on('drain', read);
          watchBody(stream, read);
          take(...http2Messages(stream, raw, peer));
          if (stopping) session.close();
        },
      );
    },
    announceStop: () => {
      stopping = true;
      for (const session of sessions.keys()) session.close();
    },
    destroy: () => {
      for (const session of sessions.keys()) session.destroy();
    },
  };
}

/** Calls `read` for each piece of the body, once somebody reads it: a listener of ours alone would make it flow. */
function watchBody(stream: ServerHttp2Stream, read: () => void): void {
  stream.on('newListener', (event, listener) => {
    if (event === 'data' && listener !== read && !stream.listeners('data').includes(read)) stream.on('data', read);
  });
}
