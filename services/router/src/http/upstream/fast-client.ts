import http from 'node:http';
import type { Socket } from 'node:net';
import { MOST_HEAD_BYTES } from '@trino-gateway/trino';
import { type ClientConnection, type ConnectionPool, Rest } from '@trino-gateway/wire';
import { answerTo, framedHeaders } from './careful-client.ts';
import { LateConnectionError } from './origin-pools.ts';
import {
  type AnswerTimes,
  brokenConnection,
  DiedIdleError,
  failure,
  type UpstreamAnswer,
  UpstreamError,
  type UpstreamRequest,
} from './upstream-answer.ts';

/** Where a request goes, and within what times. */
export type FastOptions = {
  pool: ConnectionPool;
  times: AnswerTimes;
  /** By a connection that was not used before. */
  fresh: boolean;
};

/** What could end a line, or begin another message. */
const NOT_IN_A_LINE = /[^\t\x20-\x7e\x80-\xff]/;
const NOT_IN_A_TARGET = /[^\x21-\x7e]/;

/**
 * Sends a request by our own reader and writer; an answer that is not exactly as a coordinator's is read by Node's.
 * @throws UpstreamError
 */
export function sendFast(request: UpstreamRequest, { pool, times, fresh }: FastOptions): Promise<UpstreamAnswer> {
  const { method, signal, body } = request;
  const head = headOf(request);
  return new Promise((resolve, reject) => {
    const connection = pool.take(fresh);
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
    const { headTimeMs } = times;
    const silent = () => giveUp(new UpstreamError('silent', `no answer within ${headTimeMs} ms`));
    const timer = setTimeout(silent, headTimeMs);
    signal.addEventListener('abort', abort);
    connection.send(
      { isHead: method === 'HEAD', head, body },
      {
        answered: ({ status, reason, rawHeaders }, answer) => {
          clearTimeout(timer);
          // Until its end the client may hang up.
          signal.removeEventListener('abort', abort);
          const destroy = () => void answer.destroy();
          signal.addEventListener('abort', destroy);
          answer.once('close', () => signal.removeEventListener('abort', destroy));
          resolve({ status, statusMessage: reason, rawHeaders, body: answer });
        },
        failed: (error, about) => {
          over();
          reject(whyFailed(error, about, signal));
        },
        unusual: (socket, unread) => {
          over();
          resolve(readCarefully(request, socket, unread, times));
        },
      },
    );
  });
}

function headOf(request: UpstreamRequest): string {
  const { method, path } = request;
  if (NOT_IN_A_TARGET.test(path)) throw new TypeError('the target of a request holds what would end it');
  let lines = `${method} ${path} HTTP/1.1\r\n`;
  const headers = framedHeaders(request);
  for (let at = 0; at < headers.length; at += 2) {
    const line = `${headers[at]}: ${headers[at + 1]}`;
    if (NOT_IN_A_LINE.test(line)) throw new TypeError(`the header line ${headers[at]} holds what would end it`);
    lines += `${line}\r\n`;
  }
  return `${lines}\r\n`;
}

type About = Parameters<Parameters<ClientConnection['send']>[1]['failed']>[1];

function whyFailed(error: NodeJS.ErrnoException, { isReused, hasBegun }: About, signal: AbortSignal): Error {
  if (error instanceof LateConnectionError) return new UpstreamError('refused', `cannot connect (${error.message})`);
  if (isReused && !hasBegun && !signal.aborted && brokenConnection.has(error.code ?? ''))
    return new DiedIdleError('the connection was closed while idle', { cause: error });
  return failure(error, signal);
}

/** The answer on a connection whose request has been sent, from these bytes of it on, as Node's client reads it. */
function readCarefully(
  request: UpstreamRequest,
  socket: Socket,
  unread: Buffer,
  times: AnswerTimes,
): Promise<UpstreamAnswer> {
  const { method, path, signal, body } = request;
  const outgoing = http.request({
    createConnection: () => new Rest(socket, unread),
    method,
    path,
    headers: framedHeaders(request),
    maxHeaderSize: MOST_HEAD_BYTES,
    signal,
  });
  outgoing.maxHeadersCount = 0;
  const answer = answerTo(outgoing, times, signal);
  outgoing.end(body);
  return answer;
}
