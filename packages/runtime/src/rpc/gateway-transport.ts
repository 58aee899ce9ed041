import type { SecureContext } from 'node:tls';
import { Code, ConnectError, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';

import { CLOSED_AFTER_HANDSHAKE, describeTlsFailure } from '../tls/describe-tls-failure.ts';
import { isUnreachable, withGatewayserver } from './call-failures.ts';
import { type CallStreams, openCallStream } from './call-stream.ts';
import { GuardedSessions } from './guarded-sessions.ts';

export type GatewayTransportOptions = {
  /** One URL per gatewayserver replica; the first that works is used until it fails. */
  urls: readonly string[];
  /** Sent as a bearer token when given. */
  token?: string | undefined;
  /** Limit for every call that sets none of its own, in milliseconds. */
  timeLimitMs: number;
  /**
   * For https URLs: whom is trusted and which certificate is shown, asked anew for each connection. Absent: Node's authorities,
   * and no certificate.
   */
  secureContext?: (() => SecureContext) | undefined;
  /** How a connection whose other end vanished is noticed; default a ping every 5 s that must be answered within 10 s. */
  pings?: { pingIntervalMs: number; pingTimeoutMs: number };
};

// A connection whose other end vanished without a word is noticed by pings; the operating system would take a quarter of an hour.
const PINGS = { pingIntervalMs: 5_000, pingTimeoutMs: 10_000 };

/**
 * A transport to the gatewayserver. A call that fails because a replica cannot be reached is tried once on each other
 * replica, and later calls start with the one that answered: every call made through it must be safe to repeat. A stream
 * that its caller ends with DEADLINE_EXCEEDED was silent: later calls start with the next replica. Disposal closes its
 * connections.
 */
export function createGatewayTransport(options: GatewayTransportOptions): Transport & CallStreams & Disposable {
  const replicas = options.urls.map((baseUrl) => connectReplica(baseUrl, options));
  const order = createReplicaOrder(replicas);
  const passOverSilent = (signal: AbortSignal | undefined, at: number) =>
    signal?.addEventListener('abort', () => {
      if (ConnectError.from(signal.reason).code === Code.DeadlineExceeded) order.passOver(at);
    });
  return {
    unary: (method, signal, ...rest) =>
      order.tryEach(signal, ({ transport }) => transport.unary(method, signal, ...rest)),
    stream: (method, signal, ...rest) =>
      order.tryEach(signal, ({ transport }, at) => {
        passOverSilent(signal, at);
        return transport.stream(method, signal, ...rest);
      }),
    carry: (signal, events) =>
      order.tryEach(signal, ({ carry }, at) => {
        passOverSilent(signal, at);
        return carry(signal, events);
      }),
    [Symbol.dispose]: () => {
      for (const { sessionManager } of replicas) sessionManager.abort();
    },
  };
}

/** One gatewayserver. */
type Replica = CallStreams & { transport: Transport; sessionManager: GuardedSessions };

function connectReplica(baseUrl: string, options: GatewayTransportOptions): Replica {
  const { token, timeLimitMs, secureContext, pings = PINGS } = options;
  const authorize: Interceptor = (next) => (request) => {
    if (token) request.header.set('authorization', `Bearer ${token}`);
    return next(request);
  };
  const { origin, protocol } = new URL(baseUrl);
  const name = (error: unknown) => {
    throw withGatewayserver(explained(error, protocol === 'https:' && sessionManager.unheard), origin);
  };
  const named: Interceptor = (next) => (request) => next(request).catch(name);
  const sessionManager = new GuardedSessions(baseUrl, pings, secureContext);
  const transport = createConnectTransport({
    baseUrl,
    httpVersion: '2',
    useBinaryFormat: true,
    // Near by, and much of it encrypted: compressing costs more than it saves.
    acceptCompression: [],
    interceptors: [named, authorize],
    defaultTimeoutMs: timeLimitMs,
    sessionManager,
  });
  return {
    transport,
    sessionManager,
    carry: (signal, events) => openCallStream(sessionManager, { baseUrl, token }, signal, events).catch(name),
  };
}

/** Says of a connection that did not come about over TLS what is wrong with the other end. */
function explained(error: unknown, isClosed: boolean): unknown {
  const known = describeTlsFailure(error);
  const cause =
    known === undefined && isClosed && isUnreachable(error)
      ? Object.assign(new Error('closed after the handshake', { cause: error }), { code: CLOSED_AFTER_HANDSHAKE })
      : error;
  const why = known ?? describeTlsFailure(cause);
  return why === undefined ? error : new ConnectError(why, Code.Unavailable, undefined, undefined, cause);
}

/** Which replica is asked first, and which then. */
type ReplicaOrder = {
  /** Calls the current replica, and the others in turn while they cannot be reached. */
  tryEach<T>(signal: AbortSignal | undefined, call: (replica: Replica, at: number) => Promise<T>): Promise<T>;
  /** The next replica is asked first from now on, if this one is the current. */
  passOver(at: number): void;
};

function createReplicaOrder(replicas: readonly Replica[]): ReplicaOrder {
  let current = 0;
  // Of many calls that fail together only the first moves on; else they would run past the replica that works.
  const passOver = (at: number) => {
    if (current === at) current = (at + 1) % replicas.length;
  };
  return {
    passOver,
    tryEach: async (signal, call) => {
      let failure: unknown = new ConnectError('no gatewayserver URL is configured', Code.Unavailable);
      const first = current;
      for (let tried = 0; tried < replicas.length; tried++) {
        const at = (first + tried) % replicas.length;
        const replica = replicas[at];
        if (!replica) break;
        try {
          const answer = await call(replica, at);
          if (tried > 0) current = at;
          return answer;
        } catch (error) {
          failure = error;
          if (signal?.aborted || !isUnreachable(error)) throw error;
          passOver(at);
          if (ConnectError.from(error).code === Code.DeadlineExceeded) throw error; // its time is used up
        }
      }
      throw failure;
    },
  };
}
