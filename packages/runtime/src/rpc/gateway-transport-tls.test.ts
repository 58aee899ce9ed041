import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { createClient } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { describe, expect, test } from '@jest/globals';
import { BackendService } from '@trino-gateway/api/gateway';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { isUnreachable } from './call-failures.ts';
import { createGatewayTransport } from './gateway-transport.ts';

const authority = createCertificateAuthority();
const another = createCertificateAuthority('another');
const own = authority.issue(['127.0.0.1']);

/** A gatewayserver that keeps the tokens it was shown. */
async function serve(options: TlsOptions) {
  const tokens: (string | null)[] = [];
  const server = http2.createSecureServer(
    options,
    connectNodeAdapter({
      routes: (router) => {
        router.service(BackendService, {
          getBackend: ({ id }, { requestHeader }) => {
            tokens.push(requestHeader.get('authorization'));
            return { id };
          },
        });
      },
    }),
  );
  return { tokens, ...(await listen(server, 'https')) };
}

async function listen(server: Server, scheme: string) {
  const sockets = new Set<{ destroy(): void }>();
  for (const event of ['connection', 'session']) server.on(event, (one) => void sockets.add(one));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function connect(urls: string[], context: SecureContextOptions) {
  const secureContext = createSecureContext(context);
  const transport = createGatewayTransport({
    urls,
    token: 'secret',
    timeLimitMs: 10_000,
    secureContext: () => secureContext,
  });
  const { getBackend } = createClient(BackendService, transport);
  return { ask: () => getBackend({ id: 'a' }), [Symbol.dispose]: () => transport[Symbol.dispose]() };
}

async function failure(asking: Promise<unknown>): Promise<Error> {
  return asking.then(
    () => expect('an answer').toBe('a failure') as never,
    (error: Error) => error,
  );
}

test('a gatewayserver whose certificate is right is asked over TLS, beside a plain one that is gone', async () => {
  await using server = await serve(own);
  using client = connect(['http://127.0.0.1:1', server.url], { ca: authority.cert });
  expect(await client.ask()).toMatchObject({ id: 'a' });
  expect(server.tokens).toEqual(['Bearer secret']);
});

describe('a connection that is not verified fails with the reason, and gets no token', () => {
  const cases: [string, TlsOptions, RegExp][] = [
    ['another authority', another.issue(['127.0.0.1']), /its certificate is of an authority that is not trusted here/],
    [
      'another name',
      authority.issue(['gateway.internal']),
      /for another name than 127.0.0.1: it is for DNS:gateway.internal$/,
    ],
  ];
  test.each(cases)('%s', async (_, shown, expected) => {
    await using server = await serve(shown);
    using client = connect([server.url], { ca: authority.cert });
    const error = await failure(client.ask());
    expect(error.message).toMatch(expected);
    expect(isUnreachable(error)).toBe(true);
    expect(server.tokens).toEqual([]);
  });

  test('no authority of ours', async () => {
    await using server = await serve(own);
    using client = connect([server.url], {});
    expect((await failure(client.ask())).message).toMatch(/is not trusted here/);
    expect(server.tokens).toEqual([]);
  });
});

describe('other ends that are no such gatewayserver are told apart', () => {
  test('a port without TLS', async () => {
    await using server = await listen(
      http.createServer((_, response) => response.end()),
      'https',
    );
    using client = connect([server.url], { ca: authority.cert });
    expect((await failure(client.ask())).message).toMatch(/it does not speak TLS at this port/);
  });

  test('TLS without HTTP/2', async () => {
    await using server = await listen(
      https.createServer(own, (_, response) => response.end()),
      'https',
    );
    using client = connect([server.url], { ca: authority.cert });
    expect((await failure(client.ask())).message).toMatch(/does not speak the version of HTTP that is needed/);
  });

  test('a demand for a client certificate', async () => {
    await using server = await serve({ ...own, requestCert: true, ca: authority.cert });
    const { ca } = { ca: authority.cert };
    using without = connect([server.url], { ca });
    expect((await failure(without.ask())).message).toMatch(/it demands a client certificate/);
    using wrong = connect([server.url], { ca, ...another.issue(['router']) });
    expect((await failure(wrong.ask())).message).toMatch(/as if it refuses the client certificate/);
    expect(server.tokens).toEqual([]);
    using right = connect([server.url], { ca, ...authority.issue(['router']) });
    expect(await right.ask()).toMatchObject({ id: 'a' });
  });
});
