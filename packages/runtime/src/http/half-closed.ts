import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A client that only closes its side does so with its request: so soon after it, or before the event loop has come round to it. */
const AT_ONCE_MS = 10;
/** So long it may wait for its answer to begin: nothing tells it from one that has gone before bytes are sent to it. */
const WAITS_MS = 5_000;

/** The newest request of a connection. */
type Latest = { request: IncomingMessage; response: ServerResponse; atMs: number; isNew: boolean };

/**
 * Lets a server answer clients that close their side at once after their request, as `nc -N` does; Node's takes each of them for gone. One
 * that closes later, or whose answer does not begin in time, counts as gone: its connection is closed, and what waits for it ends.
 */
export function answerHalfClosed(server: Server): void {
  // Node's own switch: a connection whose client has ended is closed with its last answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  const newest = new WeakMap<Socket, Latest>();
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (!newest.has(socket)) socket.once('end', () => halfClosed(socket, newest.get(socket)));
    const latest: Latest = { request, response, atMs: 0, isNew: true };
    newest.set(socket, latest);
    const arrived = () => {
      latest.atMs = performance.now();
      latest.isNew = true;
      setImmediate(() => setImmediate(() => Object.assign(latest, { isNew: false })));
    };
    arrived();
    request.once('end', arrived);
  });
}

function halfClosed(socket: Socket, latest: Latest | undefined): void {
  if (latest === undefined || latest.response.closed) return; // Node closes it
  const { request, response, atMs, isNew } = latest;
  if (!request.complete || !(isNew || performance.now() - atMs <= AT_ONCE_MS)) {
    socket.destroy();
    return;
  }
  const timer = setTimeout(() => {
    if (!response.headersSent) socket.destroy();
  }, WAITS_MS);
  socket.once('close', () => clearTimeout(timer));
}
