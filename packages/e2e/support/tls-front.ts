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
};

/** At `https://localhost:port`. */
export async function startTlsFront({ port, pfx, passphrase, targets }: TlsFrontOptions): Promise<TlsFront> {
  let next = 0;
  const server = https.createServer({ pfx, passphrase }, (request, response) => {
    const target = targets[next++ % targets.length] ?? '';
    passOn(target, request, response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function passOn(target: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, url, rawHeaders, socket } = request;
  const told = [
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', request.headers.host ?? ''],
    ['X-Forwarded-For', socket.remoteAddress ?? ''],
  ].flat();
  const kept = rawHeaders.filter((_, at) => !/^x-forwarded-/i.test(rawHeaders[at - (at % 2)] ?? ''));
  const onward = http.request(`${target}${url}`, { method, agent: false, headers: [...kept, ...told] }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.once('error', () => response.destroy()).pipe(response);
  });
  onward.once('error', () => response.destroy());
  response.once('close', () => onward.destroy());
  request.pipe(onward);
}
