import {
  AnswerBody,
  type AnswerTaker,
  type ClientConnection,
  type ConnectionPool,
  headerLines,
} from '@trino-gateway/wire';
import { framedHeaders, readCarefully } from './careful-client.ts';
import { LateConnectionError } from './origin-pools.ts';
import {
  brokenConnection,
  DiedIdleError,
  failure,
  timeLeft,
  type UpstreamAnswer,
  UpstreamError,
  type UpstreamRequest,
} from './upstream-answer.ts';

/** Where a request goes, and within what time. */
export type FastOptions = {
  pool: ConnectionPool;
  /** How long the cluster may take to begin its answer, connecting included. */
  headTimeMs: number;
  /** By a connection that was not used before. */
  fresh: boolean;
};

/** What could end a target, or begin another message. */
const NOT_IN_A_TARGET = /[^\x21-\x7e]/;

/**
 * Sends a request by our own reader and writer; an answer that is not exactly as a coordinator's is read by Node's.
 * @throws UpstreamError
 */
export function sendFast(request: UpstreamRequest, { pool, headTimeMs, fresh }: FastOptions): Promise<UpstreamAnswer> {
  const { method, signal, body } = request;
  const head = headOf(request);
  // No event tells of what has been given up already.
  if (signal.aborted) return Promise.reject(new UpstreamError('aborted', 'the request was given up'));
  const connection = pool.take(fresh);
  const { taker, answer } = expectAnswer(request, { connection, headTimeMs, startedAt: performance.now() });
  connection.send({ isHead: method === 'HEAD', head, body }, taker);
  return answer;
}

/** A request that is on its way: the connection it has, when it was sent (`performance.now()`), and how long its answer may take from then. */
export type SentRequest = {
  connection: Pick<ClientConnection, 'abandon'>;
  headTimeMs: number;
  startedAt: number;
};

/** Waits for the answer to a request, which `taker` is to be told of. */
export function expectAnswer(
  request: UpstreamRequest,
  { connection, headTimeMs, startedAt }: SentRequest,
): { taker: AnswerTaker; answer: Promise<UpstreamAnswer> } {
  const { signal } = request;
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamAnswer>();
  const over = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  };
  const giveUp = (error: UpstreamError) => {
    over();
    connection.abandon();
    reject(error);
  };
  const abort = () => giveUp(new UpstreamError('aborted', 'the request was given up'));
  const silent = () => giveUp(new UpstreamError('silent', `no answer within ${headTimeMs} ms`));
  const timer = setTimeout(silent, timeLeft(headTimeMs, startedAt));
  signal.addEventListener('abort', abort);
  const taker: AnswerTaker = {
    answered: ({ status, reason, rawHeaders }, source) => {
      const answer = new AnswerBody(source);
      over();
      // Until its end the client may hang up.
      const destroy = () => void answer.destroy();
      signal.addEventListener('abort', destroy);
      answer.once('close', () => signal.removeEventListener('abort', destroy));
      resolve({ status, statusMessage: reason, rawHeaders, body: answer });
      return answer;
    },
    failed: (error, about) => {
      over();
      reject(whyFailed(error, about, signal));
    },
    unusual: (socket, unread) => {
      over();
      resolve(readCarefully(request, { socket, unread }, timeLeft(headTimeMs, startedAt)));
    },
  };
  return { taker, answer: promise };
}

const headOf = (request: UpstreamRequest): string =>
  requestHead(request.method, request.path, headerLines(framedHeaders(request)));

/** The head of a request. @param lines each with its end */
export function requestHead(method: string, path: string, lines: string): string {
  if (NOT_IN_A_TARGET.test(path)) throw new TypeError('the target of a request holds what would end it');
  return `${method} ${path} HTTP/1.1\r\n${lines}\r\n`;
}

type About = Parameters<Parameters<ClientConnection['send']>[1]['failed']>[1];

function whyFailed(error: NodeJS.ErrnoException, { isReused, hasBegun }: About, signal: AbortSignal): Error {
  if (error instanceof LateConnectionError) return new UpstreamError('refused', `cannot connect (${error.message})`);
  if (isReused && !hasBegun && !signal.aborted && brokenConnection.has(error.code ?? ''))
    return new DiedIdleError('the connection was closed while idle', { cause: error });
  return failure(error, signal);
}
