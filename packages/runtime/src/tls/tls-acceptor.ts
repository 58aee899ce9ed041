import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { FollowedTlsFiles } from './followed-files.ts';
import { serverContext } from './server-context.ts';

/** How a port speaks TLS. */
export type ListenTls = {
  /** Certificate and key; with authorities, one of these must have signed the certificate of every client. */
  files: Pick<FollowedTlsFiles, 'current'>;
  /** A handshake that failed, and why. Anybody can cause them. */
  onFailure?: (why: string) => void;
};

/** Takes over connections whose client has begun a handshake. Disposal ends those that are not through it. */
export type TlsAcceptor = Disposable & { accept(socket: Socket): void };

const HANDSHAKE_TIME_LIMIT_MS = 10_000;
/** The first byte of a handshake: the content type of its record (RFC 8446, section 5.1). */
export const HANDSHAKE = 0x16;

/**
 * TLS from version 1.2 on, with Node's ciphers, for both HTTP versions. New files are in force from the next connection on.
 * @param secured is given each connection whose handshake is over; the client's certificate is verified then
 */
export function createTlsAcceptor(
  { files, onFailure }: ListenTls,
  secured: (socket: TLSSocket, isHttp2: boolean) => void,
): TlsAcceptor {
  let inForce = files.current();
  const handshaking = new Map<string, Socket>();
  const server = createServer({
    ...serverContext(inForce),
    requestCert: inForce.pems.ca !== undefined,
    rejectUnauthorized: true,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: HANDSHAKE_TIME_LIMIT_MS,
  });
  server.on('secureConnection', (socket) => {
    handshaking.delete(endOf(socket));
    secured(socket, socket.alpnProtocol === 'h2');
  });
  server.on('tlsClientError', (error, socket) => {
    // A certificate that was refused ends the connection without an error of its own.
    const { authorizationError } = socket as { authorizationError?: unknown };
    onFailure?.(authorizationError ? `the client certificate is refused: ${authorizationError}` : error.message);
    socket.destroy();
  });
  return {
    accept: (socket) => {
      const current = files.current();
      if (current !== inForce) {
        inForce = current;
        server.setSecureContext(serverContext(current));
      }
      const end = endOf(socket);
      handshaking.set(end, socket);
      socket.once('close', () => {
        if (handshaking.get(end) === socket) handshaking.delete(end);
      });
      server.emit('connection', socket);
    },
    [Symbol.dispose]: () => {
      for (const socket of handshaking.values()) socket.destroy();
    },
  };
}

/** The client's end, by which the encrypted connection is known to be the one that was accepted. */
function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

const PLAIN = 'this port speaks TLS only: use https://';

/** Answers a request that came without TLS. */
export function refusePlain(request: IncomingMessage, response: ServerResponse): void {
  if (request.httpVersionMajor === 2) {
    // Only clients of the API speak it without TLS: as an error of Connect, which a client of several replicas passes over.
    const answer = response as unknown as Http2ServerResponse;
    answer.writeHead(503, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ code: 'unavailable', message: PLAIN }));
    return;
  }
  response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${PLAIN}\n`);
}
