import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest, ServerHttp2Stream } from 'node:http2';
import { type ContextValues, createContextValues, type HandlerContext } from '@connectrpc/connect';
import { CarrierService } from '@trino-gateway/api/gateway';
import {
  type CarriedAnswer,
  createEnvelopeReader,
  END_OF_STREAM,
  enveloped,
  readRequestFrame,
  responseFrame,
} from '@trino-gateway/runtime';
import { type CallHandling, createOpenCalls } from './open-calls.ts';

export type CallStreamOptions = CallHandling & {
  /** Throws for callers without the token that a method needs. */
  authorize: (context: Pick<HandlerContext, 'method' | 'requestHeader' | 'values'>) => void;
  /** Aborted when the process stops: a stream then ends with its last answer. */
  stopping: AbortSignal;
  /** A longer message ends its stream. */
  mostBytes: number;
};

const METHOD = CarrierService.method.carry;
const PATH = `/${CarrierService.typeName}/${METHOD.name}`;
const TYPE = 'application/connect+proto';
const MOST_IN_MESSAGE = 200;
const ALIVE_EVERY_MS = 1_000;
/** With so much that the caller has not read yet, no more is read of it. */
const MOST_UNREAD_BYTES = 4_000_000;

/**
 * CarrierService as routers call it, by the Connect protocol over HTTP/2, without the streams of objects that its library builds
 * for each message: one write for all answers of a turn of the event loop. What is asked otherwise in any way, and who has not
 * the right token, is left to the library: the function answers false.
 */
export function serveCallStream(options: CallStreamOptions) {
  return (request: IncomingMessage): boolean => {
    if (request.url !== PATH || !isPlain(request)) return false;
    const values = createContextValues();
    if (!isAuthorized(options, request, values)) return false;
    const { stream } = request as unknown as Http2ServerRequest;
    if (stream.destroyed) return true;
    void options.guard(METHOD, async () => carry(options, stream as ServerHttp2Stream, values));
    return true;
  };
}

function isPlain({ method, httpVersionMajor, headers }: IncomingMessage): boolean {
  const compression = headers['connect-content-encoding'] ?? 'identity';
  return (
    httpVersionMajor === 2 &&
    method === 'POST' &&
    headers['content-type'] === TYPE &&
    compression === 'identity' &&
    headers['connect-timeout-ms'] === undefined
  );
}

function isAuthorized({ authorize }: CallStreamOptions, { headers }: IncomingMessage, values: ContextValues): boolean {
  const requestHeader = new Headers();
  for (const [name, value] of Object.entries(headers))
    if (typeof value === 'string' && !name.startsWith(':')) requestHeader.set(name, value);
  try {
    authorize({ method: METHOD, requestHeader, values });
    return true;
  } catch {
    return false;
  }
}

function carry(options: CallStreamOptions, stream: ServerHttp2Stream, values: ContextValues): void {
  const { stopping, mostBytes } = options;
  stream.respond({ ':status': 200, 'content-type': TYPE });
  const outbox = createOutbox(stream);
  let isRead = false;
  const endIfDone = () => {
    if (isRead || (stopping.aborted && calls.size() === 0)) outbox.end();
  };
  const calls = createOpenCalls(options, values, (answer) => {
    outbox.push(answer);
    endIfDone();
  });
  const read = createEnvelopeReader(mostBytes, (flags, message) => {
    if (flags !== 0) throw new RangeError('a message has flags');
    readRequestFrame(message, calls.begin, calls.drop);
  });
  const alive = setInterval(() => {
    if (calls.size() > 0) outbox.alive();
  }, ALIVE_EVERY_MS);
  stopping.addEventListener('abort', endIfDone);
  stream.on('drain', () => stream.resume());
  stream.on('data', (chunk: Buffer) => {
    try {
      read(chunk);
    } catch {
      stream.close(8); // CANCEL: no message of the contract
    }
    if (stream.writableLength > MOST_UNREAD_BYTES) stream.pause();
  });
  stream.on('error', () => {}); // its end follows
  stream.once('end', () => {
    isRead = true;
    endIfDone();
  });
  stream.once('close', () => {
    clearInterval(alive);
    stopping.removeEventListener('abort', endIfDone);
    outbox.close();
    calls.dropAll();
  });
  outbox.alive(); // the first word
}

/** Answers on their way out: those of one turn of the event loop together. */
function createOutbox(stream: ServerHttp2Stream) {
  let answers: CarriedAnswer[] = [];
  let isDue = false;
  let isOver = false;
  const flush = () => {
    isDue = false;
    while (answers.length > 0) stream.write(responseFrame(answers.splice(0, MOST_IN_MESSAGE)));
  };
  return {
    push: (answer: CarriedAnswer) => {
      if (isOver) return;
      answers.push(answer);
      if (isDue) return;
      isDue = true;
      setImmediate(() => {
        if (!isOver) flush();
      });
    },
    alive: () => void (isOver || stream.write(responseFrame([]))),
    /** After what was pushed so far. */
    end: () => {
      if (isOver) return;
      flush();
      isOver = true;
      stream.end(enveloped('{}', END_OF_STREAM));
    },
    close: () => {
      isOver = true;
      answers = [];
    },
  };
}
