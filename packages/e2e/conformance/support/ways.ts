import { Agent as PlainAgent, request as requestPlain } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { request as requestTls, Agent as TlsAgent } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Suite } from '@trino-gateway/testing/suite/suite';

export type Reply = { status: number; text: string; bytes: number };

/** What was begun on a connection of its own. */
export type Held = {
  isConnected(): boolean;
  /** Sends one byte more. */
  trickle(): void;
  /** What was begun is sent first. */
  hangUp(): void;
  closeItsSide(): void;
};

/** A way to the same router. What is begun comes from one of twenty addresses, and reads no answer. */
export type Way = {
  ask(method: string, target: string, headers?: Record<string, string>, body?: Buffer): Promise<Reply>;
  idle(at: number): Held;
  /** A statement of which a part has come; by HTTP/1.1 each second one is not yet past its head. */
  unfinished(at: number): Held;
  poll(target: string, at: number): Held;
  /** Lets go of all connections. */
  close(): void;
};

export const wayNames = ['plain', 'TLS', 'HTTP/2'] as const;

const ADDRESSES = 20;
const fromOne = (at: number) => `127.0.0.${20 + (at % ADDRESSES)}`;
const USER = { Host: 'gateway.example', 'X-Trino-User': 'mallory' };
const AT_A_TIME = { keepAlive: true, maxSockets: 16 };

/** Each way to the first router of this suite, which has TLS. */
export function waysTo(suite: Suite): Record<(typeof wayNames)[number], Way> {
  const [port = 0] = suite.router.ports;
  const url = new URL(suite.router.tlsUrl);
  const secured = { host: '127.0.0.1', port: Number(url.port), servername: 'localhost', ca: suite.authority.cert };
  const plain = new PlainAgent(AT_A_TIME);
  const tls = new TlsAgent({ ...AT_A_TIME, ...secured });
  return {
    plain: byHttp1({
      ask: (options) => requestPlain({ ...options, agent: plain, host: '127.0.0.1', port }),
      open: (localAddress) => connect({ port, host: '127.0.0.1', localAddress }),
      opened: 'connect',
      close: () => plain.destroy(),
    }),
    TLS: byHttp1({
      ask: (options) => requestTls({ ...options, ...secured, agent: tls }),
      open: (localAddress) => connectTls({ ...secured, localAddress, ALPNProtocols: ['http/1.1'] } as never),
      opened: 'secureConnect',
      close: () => tls.destroy(),
    }),
    'HTTP/2': byHttp2((localAddress) => connectHttp2(url, { ...secured, localAddress } as never)),
  };
}

type Http1 = {
  ask(options: { method: string; path: string; headers: Record<string, string> }): ReturnType<typeof requestPlain>;
  open(localAddress: string): Socket;
  opened: string;
  close(): void;
};

function byHttp1({ ask, open, opened, close }: Http1): Way {
  const sockets = new Set<Socket>();
  const begin = (bytes: string, at: number): Held => {
    let isConnected = false;
    const socket = open(fromOne(at));
    sockets.add(socket);
    socket
      .on('error', () => {})
      .once('close', () => sockets.delete(socket))
      .once(opened, () => {
        isConnected = true;
      });
    if (bytes !== '') socket.write(bytes);
    return {
      isConnected: () => isConnected,
      trickle: () => void (socket.destroyed || socket.write('x')),
      hangUp: () => void socket.write('', () => socket.destroy()),
      closeItsSide: () => void socket.end(),
    };
  };
  const head = (line: string, more = '') =>
    `${line} HTTP/1.1\r\nHost: ${USER.Host}\r\nX-Trino-User: ${USER['X-Trino-User']}\r\n${more}`;
  return {
    ask: (method, path, headers = {}, body) =>
      new Promise((resolve, reject) => {
        const asking = ask({ method, path, headers: { ...USER, ...headers } });
        asking.once('error', reject).once('response', (answer) => {
          resolve(wholeOf(answer, () => answer.statusCode ?? 0));
        });
        asking.end(body);
      }),
    idle: (at) => begin('', at),
    unfinished: (at) =>
      begin(head('POST /v1/statement', at % 2 === 0 ? 'X-A: b' : 'Content-Length: 99999\r\n\r\nS'), at),
    poll: (target, at) => begin(head(`GET ${target}`, '\r\n'), at),
    close: () => {
      for (const socket of sockets) socket.destroy();
      close();
    },
  };
}

function byHttp2(connectFrom: (localAddress: string) => ClientHttp2Session): Way {
  const sessions = new Set<ClientHttp2Session>();
  const open = (localAddress: string): ClientHttp2Session => {
    const session = connectFrom(localAddress).on('error', () => {});
    sessions.add(session);
    return session.once('close', () => sessions.delete(session));
  };
  let asking: ClientHttp2Session | undefined;
  // A session that ends, from either side, takes no more requests well before it says that it has closed.
  const askingSession = (): ClientHttp2Session => {
    if (asking === undefined || asking.closed || asking.destroyed) asking = open('127.0.0.1');
    return asking;
  };
  const streamOf = (session: ClientHttp2Session, method: string, path: string, headers: Record<string, string>) => {
    const { Host, ...others } = { ...USER, ...headers };
    const fields = { ':method': method, ':path': path, ':authority': Host, ...others };
    return session.request(fields, { endStream: method === 'GET' }).on('error', () => {});
  };
  const held = (session: ClientHttp2Session, stream?: ReturnType<ClientHttp2Session['request']>): Held => ({
    isConnected: () => !session.connecting,
    trickle: () => void (stream === undefined || stream.destroyed || stream.write('x')),
    hangUp: () => void session.ping(() => session.destroy()),
    closeItsSide: () => session.close(),
  });
  return {
    ask: (method, path, headers = {}, body) =>
      new Promise((resolve, reject) => {
        const stream = streamOf(askingSession(), method, path, headers);
        stream.once('error', reject).once('response', ({ ':status': status = 0 }) => {
          resolve(wholeOf(stream, () => status));
        });
        if (method !== 'GET') stream.end(body);
      }),
    idle: (at) => held(open(fromOne(at))),
    unfinished: (at) => {
      const session = open(fromOne(at));
      const stream = streamOf(session, 'POST', '/v1/statement', { 'Content-Length': '99999' });
      stream.write('S');
      return held(session, stream);
    },
    poll: (target, at) => {
      const session = open(fromOne(at));
      return held(session, streamOf(session, 'GET', target, {}));
    },
    close: () => {
      for (const session of sessions) session.destroy();
    },
  };
}

async function wholeOf(answer: Readable, status: () => number): Promise<Reply> {
  const whole = Buffer.concat((await answer.toArray()) as Buffer[]);
  return { status: status(), text: whole.toString(), bytes: whole.length };
}
