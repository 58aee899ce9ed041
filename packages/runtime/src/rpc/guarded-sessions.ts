import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { SecureContext } from 'node:tls';
import { Http2SessionManager } from '@connectrpc/connect-node';
import { connectTls } from '../tls/connect-tls.ts';

type Pings = { pingIntervalMs: number; pingTimeoutMs: number };

/** Sessions with one gatewayserver, over TLS when its URL is https. */
export class GuardedSessions extends Http2SessionManager {
  readonly #guarded = new WeakSet<ClientHttp2Session>();
  #unheard = false;

  /** @param secureContext asked for each connection over TLS */
  constructor(baseUrl: string, pings: Pings, secureContext?: () => SecureContext | undefined) {
    const isTls = new URL(baseUrl).protocol === 'https:';
    const createConnection = (url: URL) => {
      const socket = connectTls({ url, protocols: ['h2'], secureContext: secureContext?.() });
      this.#unheard = false;
      // At once: it may be closed before the library gives the session to anybody.
      return socket.once('secureConnect', () => {
        this.#unheard = true;
      });
    };
    super(baseUrl, pings, isTls ? { createConnection } : undefined);
  }

  /**
   * Whether the other end has not said a word since the newest handshake. Over TLS 1.3 a client learns only so that its
   * certificate was refused: its own part of the handshake is over by then.
   */
  get unheard(): boolean {
    return this.#unheard;
  }

  override async request(...call: Parameters<Http2SessionManager['request']>): Promise<ClientHttp2Stream> {
    const stream = await super.request(...call);
    const { session } = stream;
    if (session && !this.#guarded.has(session as ClientHttp2Session)) this.#guard(session as ClientHttp2Session);
    return stream;
  }

  /** A session may fail after the library has let go of it; without a listener that error would end the process. */
  #guard(session: ClientHttp2Session): void {
    this.#guarded.add(session);
    session.on('error', () => {});
    session.once('remoteSettings', () => {
      this.#unheard = false;
    });
  }
}
