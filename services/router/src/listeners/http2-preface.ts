import type { Socket } from 'node:net';

/** What the parser of HTTP/1.1 could not read. */
type ParseError = NodeJS.ErrnoException & { rawPacket?: Buffer };

/** What Node's server has attached to a connection. */
type ParsedSocket = Omit<Socket, 'readableFlowing'> & {
  readableFlowing: boolean | null;
  parser?: { unconsume?: () => void; remove?: () => void } | null;
};

/** RFC 9113, 3.4. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * Whether a connection has begun with the preface of HTTP/2 (prior knowledge); if so it is as if nothing had been read of it. Node's
 * parser tells of the preface by an error of its own, so that connections of HTTP/1.1 are not looked at before.
 */
export function takeHttp2(socket: ParsedSocket, { code, rawPacket }: ParseError): boolean {
  if (code !== 'HPE_PAUSED_H2_UPGRADE' || rawPacket === undefined) return false;
  const before = socket.bytesRead - rawPacket.length;
  const rest = PREFACE.subarray(Math.min(before, PREFACE.length));
  if (rest.length === 0 || !rawPacket.subarray(0, rest.length).equals(rest)) return false;
  for (const event of ['data', 'end', 'drain', 'timeout', 'error']) socket.removeAllListeners(event);
  socket.parser?.unconsume?.();
  socket.parser?.remove?.();
  socket.readableFlowing = null;
  socket.unshift(Buffer.concat([PREFACE.subarray(0, before), rawPacket]));
  return true;
}
