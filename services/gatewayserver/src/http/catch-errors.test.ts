import { once } from 'node:events';
import { connect as connectH2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { describe, expect, test } from '@jest/globals';
import { SuiteService } from '@trino-gateway/api/gateway';
import { type Handler, listenHttp, silentLogger } from '@trino-gateway/runtime';
import { catchErrors } from './catch-errors.ts';

const RPC = '/trinogateway.v1.SuiteService/WatchSnapshot';
const adapter = connectNodeAdapter({ routes: (router) => void router.service(SuiteService, {}) }) as Handler;

async function serve(handler: Handler) {
  const logged: [string, Record<string, unknown> | undefined][] = [];
  const error = (message: string, fields?: Record<string, unknown>) => void logged.push([message, fields]);
  const listener = await listenHttp({ host: '127.0.0.1', port: 0 }, catchErrors(handler, { ...silentLogger, error }));
  const { port, url } = listener;
  const send = async (request: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.end(request);
    return await text(socket);
  };
  return { url, logged, send, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

describe('a request without a valid host', () => {
  test.each([
    ['that is none', 'HTTP/1.1\r\nHost: a b'],
    ['that is empty', 'HTTP/1.1\r\nHost:'],
    ['that is absent', 'HTTP/1.0'],
  ])('is refused, and neither ends the process nor fills the log: %s', async (_what, end) => {
    await using server = await serve(adapter);
    const answer = await server.send(`GET ${RPC} ${end}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('{"code":"invalid_argument","message":"host: expected the address that was asked for"}');
    expect(server.logged).toEqual([]);
  });

  test('is refused, and neither ends the process nor fills the log: by HTTP/2', async () => {
    await using server = await serve(adapter);
    const session = connectH2(server.url);
    const stream = session.request({ ':path': RPC, ':authority': 'a:b' });
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(400);
    stream.resume();
    session.close();
    await once(session, 'close');
    expect(server.logged).toEqual([]);
  });
});

describe('an unexpected error of a handler', () => {
  const thrower = (begin: boolean): Handler => {
    return (_request, response) => {
      if (begin) response.writeHead(200).write('beg');
      throw new Error('a flaw');
    };
  };
  const request = 'GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n';

  test('is an internal error, logged by the id that its client gets', async () => {
    await using server = await serve(thrower(false));
    const answer = await server.send(request);
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
    expect(server.logged).toEqual([
      ['unhandled error in request handler', expect.objectContaining({ method: 'GET', error: 'a flaw' })],
    ]);
    const [[, fields] = []] = server.logged;
    expect(answer).toContain(`{"code":"internal","message":"internal error (request ${fields?.requestId})"}`);
    expect(answer).not.toContain('a flaw');
  });

  test('in the middle of an answer ends the connection', async () => {
    await using server = await serve(thrower(true));
    expect(await server.send(request)).not.toContain('internal');
    expect(server.logged).toHaveLength(1);
  });
});
