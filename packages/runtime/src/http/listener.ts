import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createTlsAcceptor, HANDSHAKE, type ListenTls, refusePlain } from '../tls/tls-acceptor.ts';
import { type Address, formatAddress, reachableUrl } from './address.ts';
import { answerHalfClosed } from './half-closed.ts';

/** Answers requests of both HTTP versions; Node's HTTP/2 compatibility objects stand in for these types. */
export type Handler = http.RequestListener;

/** A bound port. Disposal stops accepting, lets requests end within the grace time, then closes everything. */
export type Listener = AsyncDisposable & { readonly port: number; readonly url: string };

export type ListenOptions = {
  /** Total size of a request's head in bytes; default 16 KiB. */
  maxHeaderBytes?: number;
  /** How long requests in flight may go on after disposal began; default 5 s. */
  graceMs?: number;
  /** Set: TLS only, for both HTTP versions; who comes without it is told so. */
  tls?: ListenTls | undefined;
};

const FIRST_BYTES_TIME_LIMIT_MS = 30_000;
/** Longer than clients keep an idle connection; else it might close just as they send a request. */
const IDLE_TIME_LIMIT_MS = 75_000;

/** Serves HTTP/1.1 and HTTP/2 (over TLS by ALPN, else with prior knowledge) with one handler on one port. */
export async function listenHttp(address: Address, handle: Handler, options: ListenOptions = {}): Promise<Listener> {
  const { tls } = options;
  const handler: Handler = tls
    ? (...call) => (isSecure(call[0].socket) ? handle(...call) : refusePlain(...call))
    : handle;
  const maxHeaderBytes = options.maxHeaderBytes ?? 16_384;
  const sessions = new Set<http2.ServerHttp2Session>();
  const undecided = new Set<Socket>();
  const h2 = http2.createServer(
    { settings: { maxHeaderListSize: maxHeaderBytes } },
    handler as unknown as Parameters<typeof http2.createServer>[1],
  );
  h2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  // The HTTP/1.1 server is the one that listens: only a listening http.Server arms its own time limits.
  const h1 = http.createServer({ maxHeaderSize: maxHeaderBytes, keepAliveTimeout: IDLE_TIME_LIMIT_MS }, handler);
  answerHalfClosed(h1);
  const [serveH1] = h1.listeners('connection') as ((socket: Socket) => void)[];
  const serve = (socket: Socket, isHttp2: boolean) => {
    if (isHttp2) h2.emit('connection', socket);
    else serveH1?.call(h1, socket);
  };
  const acceptor = tls && createTlsAcceptor(tls, serve);
  h1.removeAllListeners('connection').on('connection', (socket: Socket) => {
    undecided.add(socket);
    socket.once('close', () => undecided.delete(socket));
    detectVersion(socket, (version) => {
      undecided.delete(socket);
      if (version === 'tls' && acceptor) acceptor.accept(socket);
      else serve(socket, version === 'h2');
    });
  });
  await listening(h1, address);
  const port = (h1.address() as AddressInfo).port;
  return {
    port,
    url: reachableUrl({ host: address.host, port }, tls && 'https'),
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => h1.close(resolve));
      for (const socket of undecided) socket.destroy();
      acceptor?.[Symbol.dispose]();
      for (const session of sessions) session.close();
      await withGrace(
        closed,
        options.graceMs ?? 5_000,
        () => h1.closeIdleConnections(),
        () => {
          h1.closeAllConnections();
          for (const session of sessions) session.destroy();
        },
      );
    },
  };
}

function isSecure(socket: Socket): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true;
}

/** Reads of a new connection just enough to detect a TLS handshake or the HTTP/2 preface. */
function detectVersion(socket: Socket, decide: (version: 'tls' | 'h2' | 'h1') => void): void {
  const abandon = () => socket.destroy();
  const chunks: Buffer[] = [];
  const read = () => {
    const chunk: Buffer | null = socket.read();
    if (!chunk) return;
    chunks.push(chunk);
    const seen = Buffer.concat(chunks);
    const start = seen.toString('latin1', 0, 3);
    if (seen.length < 3 && 'PRI'.startsWith(start)) return; // "P" may still become POST
    socket.off('readable', read).off('end', abandon).off('timeout', abandon).setTimeout(0);
    socket.unshift(seen);
    decide(seen[0] === HANDSHAKE ? 'tls' : start === 'PRI' ? 'h2' : 'h1');
  };
  socket.on('error', abandon).once('end', abandon).setTimeout(FIRST_BYTES_TIME_LIMIT_MS, abandon);
  socket.on('readable', read);
}

/** Binds a server. @throws Error naming the address that could not be had, and why */
export async function listening(server: Server, address: Address): Promise<void> {
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'EADDRINUSE' ? 'the port is taken' : code === 'EACCES' ? 'not allowed' : (code ?? String(error));
    throw new Error(`cannot listen on ${formatAddress(address)}: ${why}`, { cause: error });
  }
}

/** Waits for `closed`, calling `nudge` every 50 ms; calls `force` when the grace time is over. */
export async function withGrace(
  closed: Promise<unknown>,
  graceMs: number,
  nudge: () => void,
  force: () => void,
): Promise<void> {
  nudge();
  const nudging = setInterval(nudge, 50);
  const forcing = setTimeout(force, graceMs);
  try {
    await closed;
  } finally {
    clearInterval(nudging);
    clearTimeout(forcing);
  }
}
