import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { createMessageReader, type WireMessage } from './message-reader.ts';

/** Opens a connection to the address under test: over TCP, TLS, or whatever speaks HTTP/1.1 in the end. */
export type Connect = () => Promise<Duplex>;

/** By TCP, to a port of this machine. */
export const overTcp =
  (port: number): Connect =>
  async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    return socket;
  };

/** By TLS, with this version of HTTP. */
export const overTls =
  (port: number, ca: string, version: 'http/1.1' | 'h2' = 'http/1.1'): Connect =>
  async () => {
    const socket = await overTcp(port)();
    const secured = connectTls({ socket, servername: 'localhost', ca, ALPNProtocols: [version] });
    await once(secured, 'secureConnect');
    return secured;
  };

/** A client that writes bytes and reads answers by the letter. */
export type RawClient = AsyncDisposable & {
  send(bytes: string): void;
  /** Interim answers, and final ones whole or begun. */
  readonly interim: readonly WireMessage[];
  readonly answers: readonly WireMessage[];
  /** How the other side ended: not yet, in order, or by a reset. */
  ended(): false | 'closed' | 'reset';
  /** What came and is no answer. */
  fault(): string | undefined;
  /** Waits until this holds, at most so long; false when it did not. */
  until(holds: () => boolean, timeMs: number): Promise<boolean>;
  /** Says for which requests the coming answers are. */
  expectMethods(methods: readonly string[]): void;
};

export async function openRawClient(connectTo: Connect): Promise<RawClient> {
  const stream = await connectTo();
  const interim: WireMessage[] = [];
  const answers: WireMessage[] = [];
  const methods: string[] = [];
  let ended: false | 'closed' | 'reset' = false;
  let changed = Promise.withResolvers<void>();
  const change = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const reader = createMessageReader({
    kind: 'answer',
    methodOf: () => methods[answers.length] ?? 'GET',
    onHead: (message) => void (/ 1\d\d /.test(message.start) ? interim : answers).push(message),
  });
  stream.setEncoding('latin1');
  stream.on('data', (bytes: string) => {
    reader.push(bytes);
    change();
  });
  stream.on('end', () => {
    reader.end();
    ended ||= 'closed';
    change();
  });
  stream.on('error', () => {
    ended ||= 'reset';
    change();
  });
  stream.on('close', () => {
    ended ||= 'reset';
    change();
  });
  return {
    interim,
    answers,
    send: (bytes) => {
      if (!stream.writableEnded && !stream.destroyed) stream.write(bytes, 'latin1');
    },
    ended: () => ended,
    fault: () => reader.fault() ?? (reader.rest() === '' ? undefined : `${JSON.stringify(reader.rest().slice(0, 60))}`),
    expectMethods: (more) => void methods.push(...more),
    until: async (holds, timeMs) => {
      const deadline = performance.now() + timeMs;
      while (!holds()) {
        const left = deadline - performance.now();
        if (left <= 0) return false;
        const over = new AbortController();
        const late = delay(left, undefined, { signal: over.signal }).catch(() => {});
        await Promise.race([changed.promise, late]);
        over.abort();
      }
      return true;
    },
    [Symbol.asyncDispose]: async () => {
      stream.destroy();
      if (!stream.closed) await once(stream, 'close').catch(() => {});
    },
  };
}
