import { Socket, type SocketConstructorOpts } from 'node:net';

/** Gets what a connection has brought: the bytes are the reader's for the time of the call only. */
export type TakeBytes = (bytes: Buffer) => void;

/** As much as the system gives at once. */
const buffer = Buffer.allocUnsafeSlow(65_536);
const readers = new WeakMap<Socket, { take: TakeBytes | undefined }>();

/** What Node keeps of an accepted connection beside what it documents. */
type Accepted = {
  _handle: ({ useUserBuffer?: unknown } & object) | null;
  _server: object | null;
  server: object | null;
};

/**
 * The same connection, read into one buffer of this process: no memory is had for each read, so that many who send much at once cost no more
 * than their reads. Node's servers know no such option (`onread` of `net.Socket`), so it is a new socket for the handle. To be called before
 * anybody listens to the accepted one, which is not to be used any more. What cannot be read so, TLS for one, stays as it is.
 */
export function withSharedReads(accepted: Socket): Socket {
  const inner = accepted as unknown as Accepted;
  const { _handle: handle, _server: server } = inner;
  if (readers.has(accepted) || typeof handle?.useUserBuffer !== 'function') return accepted;
  if (accepted.destroyed || accepted.readableLength > 0) return accepted;
  const reader: { take: TakeBytes | undefined } = { take: undefined };
  inner._handle = null;
  inner._server = null;
  const callback = (length: number): boolean => {
    const bytes = buffer.subarray(0, length);
    // Node's own readers take what is theirs for ever.
    if (reader.take === undefined) return socket.push(Buffer.from(bytes));
    reader.take(bytes);
    return true;
  };
  const options: unknown = { handle, allowHalfOpen: accepted.allowHalfOpen, onread: { buffer, callback } };
  const socket: Socket = new Socket(options as SocketConstructorOpts);
  // The server counts it until it closes.
  Object.assign(socket, { server, _server: server });
  readers.set(socket, reader);
  return socket;
}

/** From now on all that comes goes to this function, and none of it to the stream. */
export function takeBytes(socket: Socket, take: TakeBytes): void {
  const reader = readers.get(socket);
  if (reader === undefined) socket.on('data', take);
  else reader.take = take;
}

/** From now on what comes goes to the stream, for its listeners. */
export function leaveBytes(socket: Socket, take: TakeBytes): void {
  const reader = readers.get(socket);
  if (reader === undefined) socket.off('data', take);
  else reader.take = undefined;
}
