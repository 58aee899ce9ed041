import { once } from 'node:events';
import type { Connect } from './raw-client.ts';

/** A line of a head, as it is sent: names and values of any bytes, as Latin-1 characters. */
export type Line = readonly [name: string, value: string];

/** What a client sends behind a head: bytes of the body, or trailers. */
export type Part = string | readonly Line[];

/** What became of a request: an answer, or an error code of RFC 9113, 7, of the stream or the connection. */
export type Http2Answer = { status: number | undefined; error: number | undefined; isClosed: boolean };

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const GOAWAY = 7;
const END_STREAM = 1;
const END_HEADERS = 4;
const HEAD_BYTES = 9;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** RFC 7541, A: the statuses that have an index of their own. */
const INDEXED = [200, 204, 206, 304, 400, 404, 500];

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** RFC 7541, 6.2.2: literals without indexing, uncompressed, so that any byte can be sent. */
const block = (lines: readonly Line[]) =>
  Buffer.concat(lines.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));

function text(characters: string): Buffer {
  const bytes = Buffer.from(characters, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const size = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) size.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...size, rest]), bytes]);
}

/** Sends one request by its letters on a connection of its own, and waits for its end. */
export async function askByHttp2(
  connect: Connect,
  head: readonly Line[],
  parts: readonly Part[],
): Promise<Http2Answer> {
  const socket = await connect();
  socket.on('error', () => {});
  const last = parts.length - 1;
  const ending = (at: number) => (at === last ? END_STREAM : 0);
  const frames = parts.map((part, at) =>
    typeof part === 'string'
      ? frame(DATA, ending(at), 1, Buffer.from(part, 'latin1'))
      : frame(HEADERS, END_HEADERS | ending(at), 1, block(part)),
  );
  const first = frame(HEADERS, END_HEADERS | ending(-1), 1, block(head));
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0, Buffer.alloc(0)), first, ...frames]));
  try {
    return await readAnswer(socket);
  } finally {
    socket.destroy();
    if (!socket.closed) await once(socket, 'close').catch(() => {});
  }
}

async function readAnswer(socket: AsyncIterable<Buffer>): Promise<Http2Answer> {
  let read = Buffer.alloc(0);
  let body = '';
  let indexed: number | undefined;
  const answer = (error: number | undefined, isClosed = false): Http2Answer => ({
    status: indexed ?? (/^Error (\d{3}) /.exec(body)?.[1] === undefined ? undefined : Number(body.slice(6, 9))),
    error,
    isClosed,
  });
  try {
    for await (const chunk of socket) {
      read = Buffer.concat([read, chunk]);
      while (read.length >= HEAD_BYTES && read.length >= HEAD_BYTES + read.readUIntBE(0, 3)) {
        const [type, flags] = [read.readUInt8(3), read.readUInt8(4)];
        const payload = read.subarray(HEAD_BYTES, HEAD_BYTES + read.readUIntBE(0, 3));
        read = read.subarray(HEAD_BYTES + payload.length);
        if (type === HEADERS) indexed ??= INDEXED[payload.readUInt8(0) - 0x88];
        if (type === DATA) body += payload.toString('latin1');
        if (type === RST_STREAM) return answer(payload.readUInt32BE(0));
        if (type === GOAWAY) return answer(payload.readUInt32BE(4), true);
        if ((type === HEADERS || type === DATA) && (flags & END_STREAM) !== 0) return answer(undefined);
      }
    }
  } catch {
    // Reset: as closed.
  }
  return answer(undefined, true);
}
