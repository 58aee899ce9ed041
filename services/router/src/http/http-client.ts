import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { RouterConfig } from '@trino-gateway/config';
import type { Logger, TlsSettings } from '@trino-gateway/runtime';
import { allHeaders, firstHeader, MOST_HEAD_BYTES } from '@trino-gateway/trino';
import { LRUCache } from 'lru-cache';
import { ClusterAgent, createTlsAgents, POOL } from './tls-agents.ts';

/** One request to a cluster, complete: nothing is added to the headers but what frames the message. */
export type UpstreamRequest = {
  /** Origin of the coordinator, such as `http://trino-1:8080`. */
  url: string;
  /** Of its own; default as every https server. */
  tls?: TlsSettings | undefined;
  method: string;
  /** Path and query, as they go on the request line. */
  path: string;
  /** With `Host`; without hop-by-hop headers and without `Content-Length`. */
  rawHeaders: readonly string[];
  body?: Buffer;
  /** How long the cluster may take to begin its answer, connecting included. */
  headTimeMs: number;
  /** Aborting it ends the request, and later the body of its answer. */
  signal: AbortSignal;
};

/** An answer whose head has arrived. The body must be read or destroyed; it fails when the cluster breaks off. */
export type UpstreamAnswer = {
  status: number;
  statusMessage: string;
  /** As on the wire: repeated lines repeated. */
  rawHeaders: readonly string[];
  /** Compressed as the cluster sent it. */
  body: UpstreamBody;
};

/** Bytes of an answer; `complete` says after the end whether all of them came. */
export type UpstreamBody = Readable & { readonly complete: boolean };

/**
 * Why there is no answer: `refused` (no connection), `reset` (it ended before a byte of an answer), `silent` (no answer in time),
 * `malformed` (not HTTP, or nothing that can be passed on), `aborted` (by the signal), `busy` (not sent: the backend has as many requests
 * under way as it may).
 */
export type UpstreamFailure = 'refused' | 'reset' | 'silent' | 'malformed' | 'aborted' | 'busy';

/** A request that got no answer. The message is for operators and clients: it names no address. */
export class UpstreamError extends Error {
  readonly kind: UpstreamFailure;

  constructor(kind: UpstreamFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** Sends all requests to clusters. Follows no redirect and decompresses nothing. */
export type Upstream = Disposable & {
  /**
   * Sends a request; a connection that turns out to have been closed while idle is replaced once.
   * @throws UpstreamError
   */
  send(request: UpstreamRequest): Promise<UpstreamAnswer>;
  /**
   * The agent for a coordinator over TLS, for requests that are sent otherwise.
   * @throws UpstreamError
   */
  agentFor(tls: TlsSettings | undefined): Promise<ClusterAgent>;
};

/** Interim answers (1xx): Trino sends none, a proxy in front of it perhaps one or two. */
const MOST_INFORMATION = 16;

const notConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
]);
const brokenConnection = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** How long a cluster may take: to the connection (name, TCP and TLS), and to the head of its answer, connecting included. */
export type AnswerTimes = { connectTimeMs: number; headTimeMs: number };

/** Connections to all clusters, kept alive per origin; those with TLS settings of their own share none with others. */
export function createUpstream(
  config: Pick<RouterConfig, 'connect_time_limit'>,
  logger: Pick<Logger, 'info' | 'warn'>,
): Upstream {
  const plain = new http.Agent(POOL);
  const secure = new ClusterAgent();
  const ownSecure = createTlsAgents(logger);
  const origins = new LRUCache<string, URL>({ max: 10_000 });

  const originOf = (text: string): URL => {
    let url = origins.get(text);
    if (url === undefined) {
      url = new URL(text);
      origins.set(text, url);
    }
    return url;
  };

  const agentFor = async (tls: TlsSettings | undefined): Promise<ClusterAgent> => {
    if (tls === undefined) return secure;
    try {
      return await ownSecure.known(tls);
    } catch (error) {
      throw new UpstreamError('refused', `cannot connect (${(error as Error).message})`, error);
    }
  };

  const once = async (request: UpstreamRequest, headTimeMs: number, fresh: boolean): Promise<UpstreamAnswer> => {
    const { protocol, hostname, port } = originOf(request.url);
    const isSecure = protocol === 'https:';
    const { body, tls } = request;
    const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    const agent = isSecure ? await agentFor(tls) : plain;
    const headers = [...request.rawHeaders];
    if (body !== undefined) headers.push('Content-Length', String(body.length));
    const outgoing = (isSecure ? https : http).request({
      agent: fresh ? false : agent,
      ...(agent instanceof ClusterAgent ? { ...agent.tlsOptions, servername: agent.serverNameOf(host) } : {}),
      hostname: host,
      port: port || (isSecure ? 443 : 80),
      method: request.method,
      path: request.path,
      headers,
      maxHeaderSize: MOST_HEAD_BYTES,
      signal: request.signal,
    });
    outgoing.maxHeadersCount = 0;
    const times = { connectTimeMs: config.connect_time_limit, headTimeMs };
    const answer = answerTo(outgoing, times, request.signal);
    outgoing.end(body);
    return await answer;
  };

  return {
    agentFor,
    async send(request) {
      if (request.signal.aborted) throw new UpstreamError('aborted', 'the request was given up');
      const startedAt = performance.now();
      try {
        return await once(request, request.headTimeMs, false);
      } catch (error) {
        if (!(error instanceof DiedIdleError)) throw error;
        const left = request.headTimeMs - (performance.now() - startedAt);
        return await once(request, Math.max(1, left), true);
      }
    },
    [Symbol.dispose]() {
      plain.destroy();
      secure.destroy();
      ownSecure[Symbol.dispose]();
    },
  };
}

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

/** A kept-alive connection was gone before the request on it was answered: the cluster has most likely never seen it. */
class DiedIdleError extends Error {}

function failure(error: NodeJS.ErrnoException, signal: AbortSignal): UpstreamError {
  const code = error.code ?? '';
  if (signal.aborted) return new UpstreamError('aborted', 'the request was given up', error);
  if (code.startsWith('HPE_')) return new UpstreamError('malformed', `the answer is not HTTP (${code})`, error);
  if (notConnected.has(code)) return new UpstreamError('refused', `cannot connect (${code})`, error);
  if (brokenConnection.has(code))
    return new UpstreamError('reset', `the connection ended before an answer (${code})`, error);
  // What is left fails before a request can be written: certificates, protocol mismatch.
  return new UpstreamError('refused', `cannot connect (${code || error.name})`, error);
}
