import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { MOST_HEAD_BYTES } from '@trino-gateway/trino';
import { HANDSHAKE } from './handshakes.ts';

/** How long a refused connection may go on reading its answer. */
const LINGER_MS = 1_000;

/** What is answered to a client whose request the parser of HTTP/1.1 could not read. */
export function statusOf({
  code,
  rawPacket,
}: NodeJS.ErrnoException & { rawPacket?: Buffer }): [status: string, message: string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return ['431 Request Header Fields Too Large', `The request head is larger than ${MOST_HEAD_BYTES} bytes`];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['408 Request Timeout', 'The request did not arrive in time'];
  // TLS has no words for it, and clients know that an answer which is none of TLS comes from a port without it.
  if (rawPacket?.[0] === HANDSHAKE) return ['400 Bad Request', 'A TLS handshake was sent to a port for plain HTTP'];
  return ['400 Bad Request', 'The request is not HTTP/1.1'];
}

const OTHERS = [' RTSP/', ' ICE/'];
const OTHERS_LINE = /^(\S+) +(\S+) +(?:RTSP|ICE)\/\d\.\d\r?$/gm;

/**
 * Whether this is RTSP or ICE, which Node's parser takes for HTTP of the same version and says so nowhere. To be called as the request
 * is emitted: what the parser has just read shows its first line, unless its head came in pieces.
 */
export function isOfAnotherProtocol({ method, url, socket }: IncomingMessage): boolean {
  const { parser } = socket as { parser?: { getCurrentBuffer?: () => Buffer } | null };
  const read = parser?.getCurrentBuffer?.();
  if (read === undefined || !OTHERS.some((name) => read.includes(name, 0, 'latin1'))) return false;
  const lines = read.toString('latin1').matchAll(OTHERS_LINE);
  return [...lines].some(([, itsMethod, itsTarget]) => itsMethod === method && itsTarget === url);
}

/** Answers a client that is not served, and closes its connection. */
export function refuse(socket: Socket, status: string, message: string): void {
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
