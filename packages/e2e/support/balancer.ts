import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Span } from './high-water-mark.ts';

/**
 * One address in front of several routers, as a load balancer is: each request goes to the next router, past those that take
 * no connection; one that breaks breaks for the client, too.
 */
export type Balancer = AsyncDisposable & {
  readonly url: string;
  /** When the queued links of a query were polled; without an end it has no answer yet. */
  polls(queryId: string): readonly Span[];
};

/** In front of these addresses. */
export async function startBalancer(targets: readonly string[]): Promise<Balancer> {
  const polls = new Map<string, Span[]>();
  let next = 0;
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    const first = next++;
    for (let tried = 0; tried < targets.length && !response.destroyed; tried++)
      if (await passOn(targets[(first + tried) % targets.length] ?? '', request, body, response)) return;
    response.destroy();
  };
  const server = http.createServer((request, response) => {
    note(polls, request, response);
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    polls: (queryId) => polls.get(queryId) ?? [],
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function note(polls: Map<string, Span[]>, { method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const queryId = /^\/v1\/statement\/queued\/([^/]+)\//.exec(url)?.[1];
  if (method !== 'GET' || queryId === undefined) return;
  const span: Span = { from: Date.now(), to: undefined };
  polls.set(queryId, [...(polls.get(queryId) ?? []), span]);
  response.once('close', () => {
    span.to = Date.now();
  });
}

/** False when nobody listens there. On a connection of its own: no answer is lost with one that was dead already. */
function passOn(
  target: string,
  { method, url, rawHeaders }: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onward = http.request(`${target}${url}`, { method, agent: false, headers: rawHeaders }, (answer) => {
    resolve(true);
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.once('error', () => response.destroy()).pipe(response);
  });
  onward.once('error', (error: NodeJS.ErrnoException) => {
    const isRefused = error.code === 'ECONNREFUSED';
    if (!isRefused) response.destroy();
    resolve(!isRefused);
  });
  response.once('close', () => onward.destroy());
  onward.end(body);
  return promise;
}
