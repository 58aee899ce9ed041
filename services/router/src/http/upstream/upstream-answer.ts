import type { TlsSettings } from '@trino-gateway/runtime';
import type { Listen } from '../carrier.ts';

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
export interface UpstreamBody {
  readonly complete: boolean;
  readonly closed: boolean;
  readonly destroyed: boolean;
  /** 'data', 'end', 'error' and 'close', as of a stream. */
  on: Listen<this>;
  once: Listen<this>;
  off: Listen<this>;
  /**
   * Where it can be had so, instead of by 'data': pieces that are only lent. The taker says true when it is done with them; or false, and calls
   * `resume` when it is.
   */
  passTo?(take: (pieces: readonly Buffer[]) => boolean): unknown;
  pause(): unknown;
  resume(): unknown;
  /** Puts back what was taken. */
  unshift(chunk: Buffer): void;
  destroy(): unknown;
}

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

/**
 * How long a cluster may take: to the connection (name, TCP and TLS), where that is not there yet, and to the head of its answer,
 * connecting included.
 */
export type AnswerTimes = { connectTimeMs?: number; headTimeMs: number };

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
export const brokenConnection = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** What is left of a time that began at `startedAt` (`performance.now()`), in whole milliseconds: at least one. */
export function timeLeft(timeMs: number, startedAt: number): number {
  return Math.max(1, Math.ceil(timeMs - (performance.now() - startedAt)));
}

/** A kept-alive connection was gone before the request on it was answered: the cluster has most likely never seen it. */
export class DiedIdleError extends Error {}

/** What an error of a connection before an answer means. */
export function failure(error: NodeJS.ErrnoException, signal: AbortSignal): UpstreamError {
  const code = error.code ?? '';
  if (signal.aborted) return new UpstreamError('aborted', 'the request was given up', error);
  if (code.startsWith('HPE_')) return new UpstreamError('malformed', `the answer is not HTTP (${code})`, error);
  if (notConnected.has(code)) return new UpstreamError('refused', `cannot connect (${code})`, error);
  if (brokenConnection.has(code))
    return new UpstreamError('reset', `the connection ended before an answer (${code})`, error);
  // What is left fails before a request can be written: certificates, protocol mismatch.
  return new UpstreamError('refused', `cannot connect (${code || error.name})`, error);
}
