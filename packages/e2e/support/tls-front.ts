import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

/** A load balancer that terminates TLS: each request goes to the next router, with the X-Forwarded-* headers that such ones set. */
export type TlsFront = AsyncDisposable & { readonly url: string };

export type TlsFrontOptions = {
  port: number;
  /** A PKCS #12 file. */
  pfx: Buffer;
  passphrase: string;
  targets: readonly string[];
  /** The path below which it serves them, such as `/trino`; may be empty. */
  prefix: string;
};

/** At `https://localhost:port`, below the prefix. */
export async function startTlsFront({ port, pfx, passphrase, targets, prefix }: TlsFrontOptions): Promise<TlsFront> {
  let next = 0;
  const server = https.createServer({ pfx, passphrase }, (request, response) => {
    const target = targets[next++ % targets.length] ?? '';
    passOn(target, prefix, request, response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}${prefix}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function passOn(target: string, prefix: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, url, rawHeaders, socket } = request;
  const told = [
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', request.headers.host ?? ''],
    ['X-Forwarded-For', socket.remoteAddress ?? ''],
    prefix === '' ? [] : ['X-Forwarded-Prefix', prefix],
  ].flat();
  const kept = rawHeaders.filter((_, at) => !/^x-forwarded-/i.test(rawHeaders[at - (at % 2)] ?? ''));
  if (url?.startsWith(`${prefix}/`) !== true) {
    response.writeHead(404).end();
    return;
  }
  const path = url.slice(prefix.length);
  const onward = http.request(`${target}${path}`, { method, agent: false, headers: [...kept, ...told] }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.once('error', () => response.destroy()).pipe(response);
  });
  onward.once('error', () => response.destroy());
  response.once('close', () => onward.destroy());
  request.pipe(onward);
}
