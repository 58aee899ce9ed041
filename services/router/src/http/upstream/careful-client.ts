import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { allHeaders, firstHeader, MOST_HEAD_BYTES } from '@trino-gateway/trino';
import { Rest } from '@trino-gateway/wire';
import type { Origin } from './origin-pools.ts';
import { ClusterAgent } from './tls-agents.ts';
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
export type CarefulOptions = {
  origin: Origin;
  agent: http.Agent;
  times: AnswerTimes;
  /** By a connection of its own, which is not kept. */
  fresh: boolean;
};

/**
 * Sends a request by Node's client, which knows all forms of an answer.
 * @throws UpstreamError
 */
export async function sendCarefully(
  request: UpstreamRequest,
  { origin, agent, times, fresh }: CarefulOptions,
): Promise<UpstreamAnswer> {
  return await ask(origin.isSecure ? https : http, request, times, {
    agent: fresh ? false : agent,
    ...(agent instanceof ClusterAgent ? { ...agent.tlsOptions, servername: agent.serverNameOf(origin.host) } : {}),
    hostname: origin.host,
    port: origin.port,
  });
}

/**
 * Reads the answer on a connection that is there, and whose request has been sent, from these bytes of the answer on.
 * @throws UpstreamError
 */
export function readCarefully(
  request: UpstreamRequest,
  { socket, unread }: { socket: Socket; unread: Buffer },
  headTimeMs: number,
): Promise<UpstreamAnswer> {
  return ask(http, request, { headTimeMs }, { createConnection: () => new Rest(socket, unread) });
}

function ask(
  client: typeof http | typeof https,
  request: UpstreamRequest,
  times: AnswerTimes,
  connecting: https.RequestOptions,
): Promise<UpstreamAnswer> {
  const { method, path, body, signal } = request;
  const headers = framedHeaders(request);
  const outgoing = client.request({ ...connecting, method, path, headers, maxHeaderSize: MOST_HEAD_BYTES, signal });
  outgoing.maxHeadersCount = 0;
  const answer = answerTo(outgoing, times, signal);
  outgoing.end(body);
  return answer;
}

/** The headers of a request with what frames its body. */
export function framedHeaders({ rawHeaders, body }: Pick<UpstreamRequest, 'rawHeaders' | 'body'>): string[] {
  return body === undefined ? [...rawHeaders] : [...rawHeaders, 'Content-Length', String(body.length)];
}

/** Interim answers (1xx): Trino sends none, a proxy in front of it perhaps one or two. */
const MOST_INFORMATION = 16;

/**
 * The head of the answer to a request under way. Whatever the cluster sends or leaves out, it ends within the time, and a request
 * that ended otherwise than by an answer has left no connection behind.
 * @throws UpstreamError
 */
export function answerTo(outgoing: ClientRequest, times: AnswerTimes, signal: AbortSignal): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    let late: UpstreamError | undefined;
    let isOver = false;
    let information = 0;
    const giveUp = (error: UpstreamError) => {
      late ??= error;
      outgoing.destroy();
    };
    const { connectTimeMs, headTimeMs } = times;
    const timer = setTimeout(
      () => giveUp(new UpstreamError('silent', `no answer within ${headTimeMs} ms`)),
      headTimeMs,
    );
    if (connectTimeMs !== undefined)
      onLateConnection(outgoing, connectTimeMs, () =>
        giveUp(new UpstreamError('refused', `cannot connect (no connection within ${connectTimeMs} ms)`)),
      );
    const fail = (error: Error) => {
      isOver = true;
      clearTimeout(timer);
      reject(error);
    };
    const refuse = (what: string) => {
      fail(new UpstreamError('malformed', `the answer is not acceptable (${what})`));
      outgoing.destroy();
    };
    // Never removed: an error after the answer began must not end the process. The body reports it.
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (isOver) return;
      if (outgoing.reusedSocket && !late && !signal.aborted && brokenConnection.has(error.code ?? ''))
        fail(new DiedIdleError('the connection was closed while idle', { cause: error }));
      else fail(late ?? failure(error, signal));
    });
    outgoing.on('information', () => {
      information += 1;
      if (information > MOST_INFORMATION) refuse(`more than ${MOST_INFORMATION} interim answers`);
    });
    outgoing.once('upgrade', (_answer, socket) => {
      refuse('another protocol');
      socket.destroy();
    });
    outgoing.once('response', (answer) => {
      const fault = faultIn(answer);
      if (fault !== undefined) {
        refuse(fault);
        return;
      }
      isOver = true;
      clearTimeout(timer);
      resolve({
        status: answer.statusCode ?? 0,
        statusMessage: answer.statusMessage ?? '',
        rawHeaders: answer.rawHeaders,
        body: answer,
      });
    });
    // The last event of all: it ends the wait where no other did.
    outgoing.once('close', () => {
      if (!isOver) fail(late ?? failure({ name: 'Error', message: '', code: 'ECONNRESET' }, signal));
    });
  });
}

/** Calls back when a new connection has not come about in time; one that was kept is there already. */
function onLateConnection(outgoing: ClientRequest, timeMs: number, isLate: () => void): void {
  const watch = (socket: NonNullable<ClientRequest['socket']>) => {
    if (outgoing.reusedSocket || outgoing.destroyed) return;
    const timer = setTimeout(isLate, timeMs);
    const stop = () => clearTimeout(timer);
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', stop);
    outgoing.once('close', stop);
  };
  if (outgoing.socket) watch(outgoing.socket);
  else outgoing.once('socket', watch);
}

/**
 * Why a head cannot be passed on; undefined when it can. A final status is one from 200 to 599 (RFC 9110, 15), and the only transfer
 * coding is chunked: what another one means, before it or in HTTP/1.0, nobody here knows (RFC 9112, 6.1).
 */
function faultIn({ httpVersion, statusCode = 0, rawHeaders }: IncomingMessage): string | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return `HTTP/${httpVersion}`;
  if (statusCode < 200 || statusCode > 599) return `status ${String(statusCode).padStart(3, '0')}`;
  const coding = firstHeader(rawHeaders, 'transfer-encoding');
  if (coding === undefined) return undefined;
  const isChunked =
    coding.trim().toLowerCase() === 'chunked' && allHeaders(rawHeaders, 'transfer-encoding').length === 1;
  return isChunked && httpVersion === '1.1'
    ? undefined
    : `the transfer coding ${coding.slice(0, 40)} in HTTP/${httpVersion}`;
}
