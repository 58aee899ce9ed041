import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A proxy that serves a router below `/trino`. What most clients ask for by themselves, since they cannot name a path, is served at its
 * root, too, but no link: what asks for one there gets 404 and is noted.
 */
export type PrefixProxy = AsyncDisposable & {
  /** Its root. */
  readonly url: string;
  /** Links without the prefix that were asked for. */
  readonly astray: readonly string[];
  /** How many links were asked for below the prefix. */
  followed(): number;
};

const PREFIX = '/trino';
/** The first requests of clients, and how some of them cancel. */
const ownRequests = /^\/v1\/(?:statement|info|query\/[^/]+)$/;
const link = /^\/trino\/v1\/statement\/(?:queued|executing)\//;

/** @param takesOff whether the router gets requests without the prefix; it is told of it in any case */
export async function startPrefixProxy(target: string, takesOff: boolean): Promise<PrefixProxy> {
  const astray: string[] = [];
  let followed = 0;
  const server = http.createServer((request, response) => {
    const { url = '' } = request;
    const isBelow = url.startsWith(`${PREFIX}/`);
    if (link.test(url)) followed += 1;
    if (!isBelow && !ownRequests.test(url)) {
      astray.push(`${request.method} ${url}`);
      response.writeHead(404).end();
      return;
    }
    passOn(target + (isBelow && takesOff ? url.slice(PREFIX.length) : url), request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    astray,
    followed: () => followed,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function passOn(url: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, rawHeaders, headers, socket } = request;
  const told = ['X-Forwarded-Host', headers.host ?? '', 'X-Forwarded-For', socket.remoteAddress ?? ''];
  const lines = [...rawHeaders, ...told, 'X-Forwarded-Prefix', PREFIX];
  const onward = http.request(url, { method, agent: false, headers: lines }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.once('error', () => response.destroy()).pipe(response);
  });
  onward.once('error', () => response.destroy());
  response.once('close', () => onward.destroy());
  request.pipe(onward);
}
