import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PASSWORD, PROVIDER_KEY } from './secrets.ts';

/** Knows alice and bob, as an operator's own authentication provider would. */
export async function startAuthProvider(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const { email, token } = JSON.parse(text) as { email: string; token: string };
      const isKnown = ['alice', 'bob'].includes(email) && token === PASSWORD;
      response.end(JSON.stringify({ ok: isKnown && request.headers['x-auth-key'] === PROVIDER_KEY }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
