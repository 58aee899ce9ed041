import type { ConnectRouter } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { listenHttp } from '@trino-gateway/runtime';

/** Serves some calls of a gatewayserver on a free port. Disposal ends those that are held. */
export async function serveFake(routes: (router: ConnectRouter) => void): Promise<AsyncDisposable & { url: string }> {
  const stop = new AbortController();
  const handler = connectNodeAdapter({ routes, shutdownSignal: stop.signal });
  const listener = await listenHttp(
    { host: '127.0.0.1', port: 0 },
    (request, response) => void handler(request, response),
    { graceMs: 100 },
  );
  return {
    url: listener.url,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await listener[Symbol.asyncDispose]();
    },
  };
}
