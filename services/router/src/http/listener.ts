import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { type Address, answerHalfClosed, listening, reachableUrl, withGrace } from '@trino-gateway/runtime';
import { MOST_HEAD_BYTES } from '@trino-gateway/trino';
import type { ConnectionLimit } from '../limits/connection-limit.ts';
import type { UnfinishedHeads } from '../limits/unfinished-heads.ts';
import { createRequestOrder, type RequestOrder } from './request-order.ts';

/** Takes a request that came in by the listener bound to this port. */
export type OnRequest = (request: IncomingMessage, response: ServerResponse, listeningPort: number) => void;

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
  heads?: Pick<UnfinishedHeads, 'opened' | 'ended'>;
  /** Where connections come from; default: each listener has its port. */
  bind?: Bind;
};

// Longer than a coordinator keeps an idle connection (200 s), so that a balancer in front never uses one that is being closed.
const KEEP_ALIVE_MS = 210_000;
const HEAD_TIME_LIMIT_MS = 60_000;
/** For head and statement together: 16 MB over a slow line. */
const REQUEST_TIME_LIMIT_MS = 300_000;
/** How long a refused connection may go on reading its answer. */
const LINGER_MS = 1_000;
const MOST_WAITING = 1_000;
const SETTINGS = {
  maxHeaderSize: MOST_HEAD_BYTES,
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: HEAD_TIME_LIMIT_MS,
  requestTimeout: REQUEST_TIME_LIMIT_MS,
  requireHostHeader: true,
  noDelay: true,
};
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
  const underWay = new Set<ServerResponse>();
  let stopping = false;
  let port = 0;
  const { order = createRequestOrder(MOST_WAITING), heads } = options;
  const upgrading = new WeakSet<IncomingMessage>();
  const take = order.oneByOne((request, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (stopping || upgrading.has(request)) response.shouldKeepAlive = false;
    handle(request, response, port);
  });
  // A request to upgrade is answered over HTTP/1.1, which RFC 9110, 7.8 allows; it is then the last of its connection, as Node's parser
  // passes over what came with it.
  const shouldUpgradeCallback = (request: IncomingMessage) => {
    upgrading.add(request);
    return false;
  };
  const server = http.createServer({ ...SETTINGS, shouldUpgradeCallback }, (request, response) => {
    heads?.ended(request);
    take(request, response);
  });
  answerHalfClosed(server);
  server.maxHeadersCount = 0; // the default drops lines beyond it in silence; bytes are limited by the settings
  boundConnections(server, options);
  refuseOtherProtocols(server, order, underWay);
  let bound: Bound;
  try {
    bound = await (options.bind ?? bindPort)(server, address);
  } catch (error) {
    throw new Error(`router.listen: ${(error as Error).message}`, { cause: (error as Error).cause });
  }
  port = bound.port;
  const announceStop = () => {
    stopping = true;
    for (const response of underWay) response.shouldKeepAlive = false;
  };
  return {
    port,
    announceStop,
    url: reachableUrl({ host: address.host, port }),
    [Symbol.asyncDispose]: async () => {
      announceStop();
      await withGrace(
        bound.close(),
        options.graceMs ?? 5_000,
        () => server.closeIdleConnections(),
        () => server.closeAllConnections(),
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

/** Connections beyond the limit are answered before Node's parser sees them. */
function boundConnections(server: http.Server, { connections, heads }: ClientListenerOptions): void {
  const [serve] = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection').on('connection', (socket: Socket) => {
    if (connections?.admits(socket) === false) refuse(socket, '503 Service Unavailable', FULL);
    else {
      serve?.call(server, socket);
      heads?.opened(socket);
    }
  });
}

/** @param underWay the answers that are being written */
function refuseOtherProtocols(
  server: http.Server,
  order: Pick<RequestOrder, 'afterLast'>,
  underWay: ReadonlySet<ServerResponse>,
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
    if (!socket.writable) socket.destroy();
    else
      order.afterLast(socket, () => {
        // An answer under way on this connection must break off: an error text would become part of it.
        const isAnswering = [...underWay].some((response) => response.socket === socket && response.headersSent);
        if (isAnswering || !socket.writable) socket.destroy();
        else refuse(socket, ...statusOf(error));
      });
  });
}

/** Binds all addresses, or none. Disposal closes all listeners in parallel. */
export async function listenOnAll(
  addresses: readonly Address[],
  handle: OnRequest,
  options: ClientListenerOptions = {},
): Promise<Pick<ClientListener, 'announceStop' | typeof Symbol.asyncDispose> & { readonly urls: readonly string[] }> {
  const listeners: ClientListener[] = [];
  const closeAll = async () => {
    await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
  };
  try {
    for (const address of addresses) listeners.push(await listenForClients(address, handle, options));
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

function statusOf({ code }: NodeJS.ErrnoException): [status: string, message: string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return ['431 Request Header Fields Too Large', `The request head is larger than ${MOST_HEAD_BYTES} bytes`];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['408 Request Timeout', 'The request did not arrive in time'];
  return ['400 Bad Request', 'The request is not HTTP/1.1'];
}

function refuse(socket: Socket, status: string, message: string): void {
  const body = `Error ${status}: ${message}`;
  socket.on('error', () => {}); // the client may be gone already
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain;charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
  // Closing at once while the client still sends would reset the connection before the client has read the answer.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}
