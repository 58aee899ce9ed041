import type { ClientHttp2Stream } from 'node:http2';
import { Code, ConnectError } from '@connectrpc/connect';
import { codeFromHttpStatus, endStreamFromJson } from '@connectrpc/connect/protocol-connect';
import { CarrierService } from '@trino-gateway/api/gateway';
import { type CarriedAnswer, readResponseFrame } from './call-frames.ts';
import { createEnvelopeReader, END_OF_STREAM } from './envelopes.ts';
import type { GuardedSessions } from './guarded-sessions.ts';

/** A stream of CarrierService that a gatewayserver has accepted. */
export type CallStream = {
  /** @param frame an envelope */
  send(frame: Buffer): void;
  /** Resolves when the gatewayserver has ended it; rejects when it broke, or says of an error. */
  readonly ended: Promise<void>;
};

export type CallStreamEvents = {
  /** Something came, be it only a sign of life. */
  onMessage(): void;
  onAnswer(answer: CarriedAnswer): void;
};

/** Where streams of calls lead to. */
export type CallStreams = {
  /** Opens one. The signal ends it, at any time. */
  carry(signal: AbortSignal, events: CallStreamEvents): Promise<CallStream>;
};

const METHOD = CarrierService.method.carry;
const TYPE = 'application/connect+proto';
const MOST_BYTES = 64 * 1024 * 1024;
const CANCEL = 8;

/** Opens a stream of calls by the Connect protocol, on the frames of HTTP/2 themselves: objects for each message cost more than the calls. */
export async function openCallStream(
  sessions: GuardedSessions,
  { baseUrl, token }: { baseUrl: string; token: string | undefined },
  signal: AbortSignal,
  events: CallStreamEvents,
): Promise<CallStream> {
  const path = `${new URL(baseUrl).pathname.replace(/\/$/, '')}/${METHOD.parent.typeName}/${METHOD.name}`;
  const head = { 'content-type': TYPE, 'connect-protocol-version': '1', 'user-agent': 'trino-gateway' };
  const headers = { ...head, ...(token && { authorization: `Bearer ${token}` }) };
  const stream = await unlessAborted(signal, sessions.request('POST', path, headers, {}));
  const { promise: opened, resolve: onOpen, reject: onRefusal } = Promise.withResolvers<void>();
  const { promise: ended, resolve: onEnd, reject: onBreak } = Promise.withResolvers<void>();
  const fail = (error: unknown) => {
    onRefusal(error);
    onBreak(error);
    stream.close(CANCEL);
  };
  const onAbort = () => fail(ConnectError.from(signal.reason));
  const read = createEnvelopeReader(MOST_BYTES, (flags, message) => {
    if (flags === 0) {
      events.onMessage();
      readResponseFrame(message, events.onAnswer);
      return;
    }
    const error = flags === END_OF_STREAM ? endStreamFromJson(message).error : unreadable();
    if (error === undefined) onEnd();
    else fail(error);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  stream.once('response', (headers) => {
    const problem = refusalOf(headers[':status'], headers['content-type']);
    if (problem === undefined) onOpen();
    else fail(problem);
  });
  stream.on('data', (chunk: Buffer) => {
    sessions.notifyResponseByteRead(stream);
    try {
      read(chunk);
    } catch {
      fail(unreadable());
    }
  });
  stream.on('error', (error) => fail(lost(error)));
  stream.once('close', () => {
    signal.removeEventListener('abort', onAbort);
    fail(lost());
  });
  ended.catch(() => {}); // whoever waits for it learns of it
  if (signal.aborted) onAbort();
  await opened;
  return { ended, send: (frame) => sendOn(stream, frame) };
}

/** A connection may take for ever to come about: whoever gives it up does not wait for that. */
async function unlessAborted(signal: AbortSignal, coming: Promise<ClientHttp2Stream>): Promise<ClientHttp2Stream> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => {
    reject(ConnectError.from(signal.reason));
    coming.then(
      (late) => late.on('error', () => {}).close(CANCEL),
      () => {},
    );
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([coming, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function sendOn(stream: ClientHttp2Stream, frame: Buffer): void {
  if (!stream.closed && !stream.destroyed) stream.write(frame);
}

function refusalOf(status: number | undefined, type: string | undefined): ConnectError | undefined {
  if (status !== 200) return new ConnectError(`HTTP ${status}`, codeFromHttpStatus(status ?? 500));
  return type === TYPE ? undefined : new ConnectError(`unsupported content type ${type}`, Code.Unknown);
}

function unreadable(): ConnectError {
  return new ConnectError('the gatewayserver sent what is no message of the contract', Code.Internal);
}

function lost(cause?: unknown): ConnectError {
  return new ConnectError('the stream to the gatewayserver broke', Code.Unavailable, undefined, undefined, cause);
}
