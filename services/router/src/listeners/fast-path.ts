import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { WireServer, type WireServerOptions } from '@trino-gateway/wire';
import type { CarriedAnswer, CarriedRequest } from '../http/carrier.ts';
import type { UnfinishedHeads } from '../limits/unfinished-heads.ts';
import { refuse } from './refusals.ts';

/** Serves a connection of which only `unread` has been read and not been answered. */
export type TakeConnection = (socket: Socket, unread: Buffer) => void;

/** Answers a request by its bytes; undefined: it is one as all others. */
export type AnswerDirectly = NonNullable<WireServerOptions['answerDirectly']>;

export type FastPathOptions = {
  serve(request: CarriedRequest, response: CarriedAnswer): void;
  direct?: AnswerDirectly | undefined;
  /** For all that is merely unusual. */
  careful: TakeConnection;
  keepAliveMs: number;
  firstRequestMs: number;
};

/** As long as a client may take nothing in the middle of a page. */
const UNTAKEN_MS = 300_000;

/** What Trino's clients ask for again and again; browsers, tools and all others are served by Node's server. */
const TAKEN = '/v1/';

/** Serves connections for as long as they bring nothing but usual requests of Trino's clients. */
export function createFastPath({ serve, direct, careful, keepAliveMs, firstRequestMs }: FastPathOptions): WireServer {
  return new WireServer({
    onRequest: serve,
    ...(direct && { answerDirectly: direct }),
    isTaken: (target) => target.startsWith(TAKEN),
    handOver: careful,
    keepAliveMs,
    firstRequestMs,
    untakenMs: UNTAKEN_MS,
    onSilent: (socket) => refuse(socket, '408 Request Timeout', 'The request did not arrive in time'),
  });
}

/** Node's own way of serving a connection, which `server` has when nothing was done to it yet. */
export function carefulPath(
  server: Server,
  event: 'connection' | 'secureConnection',
  heads: Pick<UnfinishedHeads, 'opened'> | undefined,
): TakeConnection {
  const [accept] = server.listeners(event) as ((socket: Socket) => void)[];
  return (socket, unread) => {
    if (unread.length > 0) {
      // As if it had never been read: what listens next makes it flow again.
      Object.assign(socket, { readableFlowing: null });
      socket.unshift(unread);
    }
    accept?.call(server, socket);
    heads?.opened(socket, unread.length);
  };
}
