import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { Code, ConnectError, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport, Http2SessionManager } from '@connectrpc/connect-node';

export type GatewayTransportOptions = {
  /** One URL per gatewayserver replica; the first that works is used until it fails. */
  urls: readonly string[];
  /** Sent as a bearer token when given. */
  token?: string | undefined;
  /** Limit for every call that sets none of its own, in milliseconds. */
  timeLimitMs: number;
  /** How a connection whose other end vanished is noticed; default a ping every 5 s that must be answered within 10 s. */
  pings?: { pingIntervalMs: number; pingTimeoutMs: number };
};

const UNREACHABLE = new Set([Code.Unavailable, Code.Aborted, Code.DeadlineExceeded, Code.Canceled]);
// A connection whose other end vanished without a word is noticed by pings, not by the operating system's quarter of an hour.
const PINGS = { pingIntervalMs: 5_000, pingTimeoutMs: 10_000 };

/**
 * A transport to the gatewayserver. A call that fails because a replica cannot be reached is tried once on each other
 * replica, and later calls start with the one that answered: every call made through it must be safe to repeat. A stream
 * that its caller ends with DEADLINE_EXCEEDED was silent: later calls start with the next replica. Disposal closes its
 * connections.
 */
export function createGatewayTransport(options: GatewayTransportOptions): Transport & Disposable {
  const authorize: Interceptor = (next) => (request) => {
    if (options.token) request.header.set('authorization', `Bearer ${options.token}`);
    return next(request);
  };
  const replicas = options.urls.map((baseUrl) => {
    const sessionManager = new GuardedSessions(baseUrl, options.pings ?? PINGS);
    const transport = createConnectTransport({
      baseUrl,
      httpVersion: '2',
      useBinaryFormat: true,
      // Near by, and much of it encrypted: compressing costs more than it saves.
      acceptCompression: [],
      interceptors: [authorize],
      defaultTimeoutMs: options.timeLimitMs,
      sessionManager,
    });
    return { transport, sessionManager };
  });
  let current = 0;
  // Of many calls that fail together only the first moves on, else they would run past the replica that works.
  const moveOn = (from: number) => {
    if (current === from) current = (from + 1) % replicas.length;
  };
  const eachReplica = async <T>(
    signal: AbortSignal | undefined,
    call: (transport: Transport, at: number) => Promise<T>,
  ): Promise<T> => {
    let failure: unknown = new ConnectError('no gatewayserver URL is configured', Code.Unavailable);
    const first = current;
    for (let tried = 0; tried < replicas.length; tried++) {
      const at = (first + tried) % replicas.length;
      const replica = replicas[at];
      if (!replica) break;
      try {
        const answer = await call(replica.transport, at);
        if (tried > 0) current = at;
        return answer;
      } catch (error) {
        failure = error;
        if (signal?.aborted || !isUnreachable(error)) throw error;
        moveOn(at);
        if (ConnectError.from(error).code === Code.DeadlineExceeded) throw error; // its time is used up
      }
    }
    throw failure;
  };
  return {
    unary: (method, signal, ...rest) => eachReplica(signal, (transport) => transport.unary(method, signal, ...rest)),
    stream: (method, signal, ...rest) =>
      eachReplica(signal, (transport, at) => {
        signal?.addEventListener('abort', () => {
          if (ConnectError.from(signal.reason).code === Code.DeadlineExceeded) moveOn(at);
        });
        return transport.stream(method, signal, ...rest);
      }),
    [Symbol.dispose]: () => {
      for (const { sessionManager } of replicas) sessionManager.abort();
    },
  };
}

/** A session may fail after the library has let go of it; without a listener that error would end the process. */
class GuardedSessions extends Http2SessionManager {
  readonly #guarded = new WeakSet<ClientHttp2Session>();

  override async request(...call: Parameters<Http2SessionManager['request']>): Promise<ClientHttp2Stream> {
    const stream = await super.request(...call);
    const { session } = stream;
    if (session && !this.#guarded.has(session as ClientHttp2Session)) {
      this.#guarded.add(session as ClientHttp2Session);
      session.on('error', () => {});
    }
    return stream;
  }
}

/**
 * Whether a call failed on the way and not by the gatewayserver's word, so that repeating it may help. A call that its
 * caller cancelled looks the same: look at the signal first.
 */
export function isUnreachable(error: unknown): boolean {
  const failure = ConnectError.from(error);
  return UNREACHABLE.has(failure.code) || (failure.code === Code.Internal && isFromTransport(failure));
}

/** Whether the gatewayserver wants another token than it was shown. */
export function refusesToken(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.Unauthenticated || code === Code.PermissionDenied;
}

/** A broken connection is `Internal` like a failure of the server's own; what tells them apart is the cause, or the reset. */
function isFromTransport(failure: ConnectError): boolean {
  if (failure.rawMessage.startsWith('http/2 stream closed')) return true;
  // Node's own errors need not be of this realm's Error.
  let cause: unknown = failure.cause;
  while (typeof cause === 'object' && cause !== null) {
    if ('code' in cause && typeof cause.code === 'string') return true;
    cause = 'cause' in cause ? cause.cause : undefined;
  }
  return false;
}
