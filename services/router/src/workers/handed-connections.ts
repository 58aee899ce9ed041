import https from 'node:https';
import type { Server, Socket } from 'node:net';
import { withSharedReads } from '@trino-gateway/wire';
import type { ConnectionLimit } from '../limits/connection-limit.ts';
import type { Bind } from '../listeners/listener.ts';
import type { Send, ToPrimary, ToWorker } from './messages.ts';

type Handed = Extract<ToWorker, { kind: 'connection' }>;

/** The connections that a worker gets from the first process, which has the ports. */
export type HandedConnections = {
  bind: Bind;
  /** What the first process said of each when it came. */
  limit: ConnectionLimit;
  /** One has come; without a socket when it had closed before. */
  take(handed: Handed, socket: Socket | undefined): void;
};

type Listener = { server: Server; sockets: Set<Socket>; isClosing: boolean };

/** None has come. @param ports that each listener has, in their order */
export function createHandedConnections(ports: readonly number[], send: Send<ToPrimary>): HandedConnections {
  const listeners: Listener[] = [];
  const refusals = new WeakSet<Socket>();
  let open = 0;
  let refused = 0;
  const tell = createTeller(send);
  return {
    bind: async (server) => {
      const port = ports[listeners.length];
      if (port === undefined) throw new Error('the first process of this router has no such listener');
      const listener: Listener = { server, sockets: new Set(), isClosing: false };
      listeners.push(listener);
      server.emit('listening'); // Node arms the time limits of an HTTP server then
      return { port, close: () => close(listener) };
    },
    limit: {
      admits: (socket) => {
        if (!refusals.has(socket)) return true;
        refused += 1;
        return false;
      },
      take: () => () => {},
      open: () => open,
      refused: () => refused,
      resize: () => {},
    },
    take: ({ listener: index, connection, isAdmitted }, handed) => {
      tell.taken(connection);
      const listener = listeners[index];
      if (handed === undefined || listener === undefined || listener.isClosing) {
        handed?.destroy();
        tell.closed(connection);
        return;
      }
      const { server, sockets } = listener;
      // Before anybody listens to it.
      const socket = server instanceof https.Server ? handed : withSharedReads(handed);
      sockets.add(socket);
      open += 1;
      socket.once('close', () => {
        open -= 1;
        sockets.delete(socket);
        tell.closed(connection);
      });
      if (!isAdmitted) refusals.add(socket);
      socket.allowHalfOpen = true; // as of one that an HTTP server has accepted itself
      server.emit('connection', socket);
    },
  };
}

/** Resolves when all of its connections have closed. */
async function close(listener: Listener): Promise<void> {
  listener.isClosing = true;
  listener.server.close();
  await Promise.all(
    [...listener.sockets].map((socket) => new Promise((resolve) => void socket.once('close', resolve))),
  );
}

/** Tells at once what was taken, and together what closes in one turn of the event loop. */
function createTeller(send: Send<ToPrimary>) {
  let closed: number[] = [];
  const flush = () => {
    send({ kind: 'connections', taken: [], closed });
    closed = [];
  };
  return {
    taken: (connection: number) => send({ kind: 'connections', taken: [connection], closed: [] }),
    closed: (connection: number) => {
      if (closed.length === 0) setImmediate(flush);
      closed.push(connection);
    },
  };
}
