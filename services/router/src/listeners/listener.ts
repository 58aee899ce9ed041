import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import {
  type Address,
  answerHalfClosed,
  type FollowedTlsFiles,
  listening,
  reachableUrl,
  withGrace,
} from '@trino-gateway/runtime';
import { MOST_HEAD_BYTES } from '@trino-gateway/trino';
import { withSharedReads } from '@trino-gateway/wire';
import type { CarriedAnswer, CarriedRequest } from '../http/carrier.ts';
import type { ConnectionLimit } from '../limits/connection-limit.ts';
import type { UnfinishedHeads } from '../limits/unfinished-heads.ts';
import { giveUpUntaken } from '../limits/untaken-answers.ts';
import { type AnswerDirectly, carefulPath, createFastPath, type TakeConnection } from './fast-path.ts';
import { createHandshakes, type Handshakes } from './handshakes.ts';
import { takeHttp2 } from './http2-preface.ts';
import { createHttp2Sessions, type Http2Sessions } from './http2-sessions.ts';
import { isOfAnotherProtocol, refuse, statusOf } from './refusals.ts';
import { createRequestOrder, type RequestOrder, type TakeRequest } from './request-order.ts';

/** Takes a request that came in by the listener bound to this port. */
export type OnRequest = (request: CarriedRequest, response: CarriedAnswer, listeningPort: number) => void;

/** What a listener says of itself to whoever answers requests before they are exchanges. */
export type ListenerPort = {
  /** Known once it is bound: before any connection. */
  readonly port: number;
  /** An exchange has begun after all. */
  begun(request: CarriedRequest, response: CarriedAnswer): void;
};

/** A port where Trino clients connect. Disposal stops accepting, lets answers under way end, then closes everything. */
export type ClientListener = AsyncDisposable & {
  readonly port: number;
  readonly url: string;
  /** From now on each answer is the last of its connection, so that clients connect anew, elsewhere. */
  announceStop(): void;
};

/** Where the connections of a server come from. */
export type Bound = {
  readonly port: number;
  /** No further ones come; resolves when those there are have closed. */
  close(): Promise<unknown>;
};

/**
 * Lets the connections that come to an address go to this server.
 * @throws Error naming the address when it cannot be had
 */
export type Bind = (server: Server, address: Address) => Promise<Bound>;

export type ClientListenerOptions = {
  /** How long answers under way may take after disposal began; default 5 s: polls are held for about 1 s. */
  graceMs?: number;
  /** Counts the connections of all listeners; without it there may be any number. */
  connections?: Pick<ConnectionLimit, 'admits'>;
  /** Shared by all listeners. */
  order?: Pick<RequestOrder, 'oneByOne' | 'afterLast'>;
  /** Shared by all listeners; without it heads may be as many as connections. */
  heads?: Pick<UnfinishedHeads, 'opened' | 'ended' | 'read'>;
  /** Where connections come from; default: each listener has its port. */
  bind?: Bind;
  /** `router.fast_path`: usual requests are read by our own reader, others by Node's; default all by Node's. */
  fastPath?: boolean;
  /** On the fast path: who answers requests by their bytes. */
  direct?: (at: ListenerPort) => AnswerDirectly;
  /** Set: clients connect by TLS. */
  certificate?: Pick<FollowedTlsFiles, 'secure'> | undefined;
};

// Longer than a coordinator keeps an idle connection (200 s), so that a balancer in front never uses one that is being closed.
const KEEP_ALIVE_MS = 210_000;
const HEAD_TIME_LIMIT_MS = 60_000;
/** For head and statement together: 16 MB over a slow line. */
const REQUEST_TIME_LIMIT_MS = 300_000;
const MOST_WAITING = 1_000;
const SETTINGS = {
  maxHeaderSize: MOST_HEAD_BYTES,
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: HEAD_TIME_LIMIT_MS,
  requestTimeout: REQUEST_TIME_LIMIT_MS,
  requireHostHeader: true,
  noDelay: true,
};
/** A phone's handshake takes a second or two. */
const HANDSHAKE_TIME_LIMIT_MS = 10_000;
const SECURE = { ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: HANDSHAKE_TIME_LIMIT_MS };
const NOTHING = Buffer.alloc(0);
const FULL = 'This gateway has as many connections as it may: try again in a moment';

/**
 * Binds a port for Trino clients.
 * @throws Error naming the address and `router.listen` when it cannot be had
 */
export async function listenForClients(
  address: Address,
  handle: OnRequest,
  options: ClientListenerOptions = {},
): Promise<ClientListener> {
  const underWay = new Set<CarriedAnswer>();
  let stopping = false;
  const { order = createRequestOrder(MOST_WAITING), heads, certificate } = options;
  const upgrading = new WeakSet<IncomingMessage>();
  const begun: ListenerPort['begun'] = (request, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (stopping || upgrading.has(request as IncomingMessage)) response.shouldKeepAlive = false;
  };
  const here = { port: 0, begun };
  const serve = (request: CarriedRequest, response: CarriedAnswer) => {
    begun(request, response);
    handle(request, response, here.port);
  };
  // A request to upgrade is answered over HTTP/1.1, which RFC 9110, 7.8 allows; it is then the last of its connection, as Node's parser
  // passes over what came with it.
  const shouldUpgradeCallback = (request: IncomingMessage) => {
    upgrading.add(request);
    return false;
  };
  const take = order.oneByOne(serve);
  const onRequest: TakeRequest = (request, response) => {
    heads?.ended(request);
    if (isOfAnotherProtocol(request)) request.httpVersion = 'another protocol';
    take(request, response);
  };
  const settings = { ...SETTINGS, shouldUpgradeCallback };
  const server =
    certificate === undefined
      ? http.createServer(settings, onRequest)
      : https.createServer({ ...settings, ...SECURE }, onRequest);
  answerHalfClosed(server);
  server.maxHeadersCount = 0; // the default drops lines beyond it in silence; bytes are limited by the settings
  const times = { keepAliveMs: KEEP_ALIVE_MS, firstRequestMs: HEAD_TIME_LIMIT_MS };
  const sessions = createHttp2Sessions(serve, { heads, ...times });
  const careful = carefulPath(server, certificate === undefined ? 'connection' : 'secureConnection', heads);
  const fast =
    options.fastPath === true
      ? createFastPath({ serve, direct: options.direct?.(here), careful, ...times })
      : undefined;
  const accept: TakeConnection = fast === undefined ? careful : (socket) => fast.take(socket);
  const handshakes = server instanceof https.Server ? boundHandshakes(server, sessions, accept, options) : undefined;
  if (server instanceof https.Server) certificate?.secure(server);
  else boundConnections(server, accept, options);
  refuseOtherProtocols(server, { order, sessions, underWay });
  let bound: Bound;
  try {
    bound = await (options.bind ?? bindPort)(server, address);
  } catch (error) {
    const key = certificate === undefined ? 'router.listen' : 'router.tls_listen';
    throw new Error(`${key}: ${(error as Error).message}`, { cause: (error as Error).cause });
  }
  here.port = bound.port;
  const untaken = giveUpUntaken(underWay);
  const announceStop = () => {
    stopping = true;
    for (const response of underWay) response.shouldKeepAlive = false;
    sessions.announceStop();
    fast?.announceStop();
  };
  const url = reachableUrl({ host: address.host, port: bound.port });
  return {
    port: bound.port,
    announceStop,
    url: certificate === undefined ? url : url.replace('http:', 'https:'),
    [Symbol.asyncDispose]: async () => {
      const closed = bound.close();
      untaken[Symbol.dispose]();
      announceStop();
      handshakes?.closeAll();
      await withGrace(
        closed,
        options.graceMs ?? 5_000,
        () => {
          server.closeIdleConnections();
          fast?.closeIdle();
        },
        () => {
          server.closeAllConnections();
          sessions.destroy();
          fast?.closeAll();
        },
      );
    },
  };
}

/** The server listens itself. */
const bindPort: Bind = async (server, address) => {
  await listening(server, address);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
};

/** Connections beyond the limit are closed before their handshake; the others are served by the version that the client has chosen. */
function boundHandshakes(
  server: https.Server,
  sessions: Http2Sessions,
  accept: TakeConnection,
  { connections }: ClientListenerOptions,
): Handshakes {
  const handshakes = createHandshakes({
    server,
    timeLimitMs: HANDSHAKE_TIME_LIMIT_MS,
    onPlain: (socket) => refuse(socket, '400 Bad Request', 'A plain HTTP request was sent to a port for HTTPS'),
    secured: (socket) => {
      if (socket.alpnProtocol === 'h2') sessions.accept(socket);
      else accept(socket, NOTHING);
    },
  });
  server.on('connection', (socket: Socket) => {
    if (connections?.admits(socket) === false) socket.destroy();
    else handshakes.begin(socket);
  });
  return handshakes;
}

/** Connections beyond the limit are answered before a parser sees them. */
function boundConnections(
  server: http.Server,
  accept: TakeConnection,
  { connections, fastPath }: ClientListenerOptions,
): void {
  server.removeAllListeners('connection').on('connection', (accepted: Socket) => {
    const socket = fastPath === true ? withSharedReads(accepted) : accepted;
    if (connections?.admits(socket) === false) refuse(socket, '503 Service Unavailable', FULL);
    else accept(socket, NOTHING);
  });
}

/** @param underWay the answers that are being written */
function refuseOtherProtocols(
  server: http.Server | https.Server,
  {
    order,
    sessions,
    underWay,
  }: { order: Pick<RequestOrder, 'afterLast'>; sessions: Http2Sessions; underWay: ReadonlySet<CarriedAnswer> },
): void {
  server.on('connect', (_request, stream) => {
    const socket = stream as Socket;
    order.afterLast(socket, () => refuse(socket, '405 Method Not Allowed', 'No tunnels here'));
  });
  const refused = new WeakSet<Socket>();
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket;
    if (refused.has(socket)) return; // what else it sends is passed over
    refused.add(socket);
    if (takeHttp2(socket, error)) sessions.accept(socket);
    else if (!socket.writable) socket.destroy();
    else
      order.afterLast(socket, () => {
        // An answer under way on this connection must break off: an error text would become part of it.
        const isAnswering = [...underWay].some(
          (response) => response.req.socket === socket && response.headersSent && !response.writableFinished,
        );
        if (isAnswering || !socket.writable) socket.destroy();
        else refuse(socket, ...statusOf(error));
      });
  });
}

/** Where clients connect: without TLS, and with it. */
export type ClientAddresses = { plain: readonly Address[]; tls: readonly Address[] };

/** Binds all addresses, or none: those without TLS first. Disposal closes all listeners in parallel. */
export async function listenOnAll(
  { plain, tls }: ClientAddresses,
  handle: OnRequest,
  { certificate, ...options }: ClientListenerOptions = {},
): Promise<Pick<ClientListener, 'announceStop' | typeof Symbol.asyncDispose> & { readonly urls: readonly string[] }> {
  const listeners: ClientListener[] = [];
  const closeAll = async () => {
    await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
  };
  try {
    for (const address of plain) listeners.push(await listenForClients(address, handle, options));
    for (const address of tls) listeners.push(await listenForClients(address, handle, { ...options, certificate }));
  } catch (error) {
    await closeAll();
    throw error;
  }
  return {
    urls: listeners.map(({ url }) => url),
    announceStop: () => {
      for (const listener of listeners) listener.announceStop();
    },
    [Symbol.asyncDispose]: closeAll,
  };
}
