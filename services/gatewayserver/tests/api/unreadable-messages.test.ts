import http2 from 'node:http2';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const INVALID_ARGUMENT = '3';
const PATH = '/trinogateway.v1.BackendService/PutBackend';
/** A field of number 0, which no message has. */
const NO_MESSAGE = Buffer.from([0x00, 0x01, 0x02]);
const LONE = '\\ud800';

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startTestGatewayserver();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function envelope(message: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

async function post(type: string, body: Buffer, headers: Record<string, string> = {}, path = PATH) {
  const answer = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body: new Uint8Array(body),
  });
  return { status: answer.status, text: await answer.text() };
}

/** The answer to a gRPC client: the status and message of its trailers. */
async function grpc(type: string, body: Buffer, headers: Record<string, string> = {}) {
  const session = http2.connect(server.url);
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': PATH,
      'content-type': type,
      te: 'trailers',
      ...headers,
    });
    const answer: http2.IncomingHttpHeaders = {};
    stream.on('response', (head) => Object.assign(answer, head)).on('trailers', (tail) => Object.assign(answer, tail));
    stream.end(body);
    for await (const _ of stream);
    return { status: answer['grpc-status'], message: decodeURIComponent(String(answer['grpc-message'] ?? '')) };
  } finally {
    session.destroy();
  }
}

/** The trailers of a gRPC-web answer stand in its body. */
async function grpcWeb(type: string, body: Buffer, headers: Record<string, string> = {}) {
  const { status, text } = await post(type, body, headers);
  expect(status).toBe(200);
  const message = decodeURIComponent(/grpc-message: ?(.*)\r\n/.exec(text)?.[1] ?? '');
  return { status: /grpc-status: ?(\d+)/.exec(text)?.[1], message };
}

describe('bytes that cannot be decoded are INVALID_ARGUMENT', () => {
  test('in Connect', async () => {
    const { status, text } = await post('application/proto', NO_MESSAGE);
    expect([status, JSON.parse(text)]).toEqual([
      400,
      { code: 'invalid_argument', message: expect.stringMatching(/^the message cannot be read: /) },
    ]);
    expect((await post('application/proto', gzipSync(NO_MESSAGE), { 'content-encoding': 'gzip' })).status).toBe(400);
    const query = `?encoding=proto&base64=1&message=${NO_MESSAGE.toString('base64url')}`;
    const read = await fetch(`${server.url}/trinogateway.v1.BackendService/ListBackends${query}`);
    expect([read.status, await read.json()]).toMatchObject([400, { code: 'invalid_argument' }]);
    for (const message of ['!!!', 'a', '%25']) {
      const path = `/trinogateway.v1.BackendService/ListBackends?encoding=json&base64=1&message=${message}`;
      const answer = await fetch(server.url + path);
      expect([answer.status, await answer.json()]).toEqual([
        400,
        { code: 'invalid_argument', message: 'message: expected base64' },
      ]);
    }
  });

  test('in gRPC', async () => {
    expect(await grpc('application/grpc', envelope(NO_MESSAGE))).toEqual({
      status: INVALID_ARGUMENT,
      message: expect.stringMatching(/^the message cannot be read: /),
    });
  });

  test('in gRPC-web', async () => {
    expect(await grpcWeb('application/grpc-web+proto', envelope(NO_MESSAGE))).toEqual({
      status: INVALID_ARGUMENT,
      message: expect.stringMatching(/^the message cannot be read: /),
    });
  });
});

describe('half a surrogate pair in a refused value is answered well-formed', () => {
  const unknownField = Buffer.from(`{"backend": {"${LONE}": 1}}`);
  const badId = Buffer.from(`{"backend": {"id": "a${LONE}", "url": "http://a"}}`);
  // The message of a parser shows a piece of the text, and may cut a character in two.
  const noJson = Buffer.from(`{"backend": ${'😀'.repeat(50)}`);

  test.each([
    ['the name of a field', unknownField],
    ['a value', badId],
    ['text that is no JSON', noJson],
  ])('%s', async (_name, body) => {
    const answers = [
      await grpcWeb('application/grpc-web+json', envelope(body)),
      await grpc('application/grpc+json', envelope(body)),
    ];
    for (const { status, message } of answers) {
      expect(status).toBe(INVALID_ARGUMENT);
      expect(message).not.toBe('');
    }
    const { status, text } = await post('application/json', body);
    const { code, message } = JSON.parse(text);
    expect([status, code, message.isWellFormed()]).toEqual([400, 'invalid_argument', true]);
  });
});

describe('JSON that is nested too deep is refused before it is parsed', () => {
  const deep = Buffer.from(`{"backend": {"labels": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}`);
  const REFUSAL = 'body: expected JSON nested at most 100 deep';

  test('in Connect, plain and compressed', async () => {
    for (const [body, headers] of [
      [deep, {}],
      [gzipSync(deep), { 'content-encoding': 'gzip' }],
    ] as const) {
      const { status, text } = await post('application/json', body, headers);
      expect([status, JSON.parse(text)]).toEqual([400, { code: 'invalid_argument', message: REFUSAL }]);
    }
  });

  test('in the query of a Connect read', async () => {
    const short = `{"a":${'['.repeat(2_000)}`;
    for (const query of [
      { encoding: 'json', message: short },
      { encoding: 'json', base64: '1', message: Buffer.from(short).toString('base64url') },
      { encoding: 'json', base64: '1', compression: 'gzip', message: gzipSync(deep).toString('base64url') },
    ]) {
      const path = `/trinogateway.v1.BackendService/ListBackends?${new URLSearchParams(query)}`;
      const answer = await fetch(server.url + path);
      expect([answer.status, await answer.json()]).toEqual([400, { code: 'invalid_argument', message: REFUSAL }]);
    }
  });

  test('in a stream of Connect, in gRPC and in gRPC-web, plain and compressed', async () => {
    const CARRY = '/trinogateway.v1.CarrierService/Carry';
    const stream = await post('application/connect+json', envelope(deep), {}, CARRY);
    expect(stream.text).not.toContain('internal');
    for (const [body, of] of [
      [envelope(deep), {}],
      [envelope(gzipSync(deep), 1), { 'grpc-encoding': 'gzip' }],
    ] as const) {
      const refused = { status: INVALID_ARGUMENT, message: REFUSAL };
      expect(await grpc('application/grpc+json', body, of)).toEqual(refused);
      expect(await grpcWeb('application/grpc-web+json', body, of)).toEqual(refused);
    }
  });

  test('in REST', async () => {
    const body = Buffer.from(`{"labels": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    const answer = await fetch(`${server.url}/api/v1/backends/b`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect([answer.status, await answer.json()]).toEqual([400, { code: 'invalid_argument', message: REFUSAL }]);
  });

  test('in the members of events that are read, and in page tokens', async () => {
    const text = `{"metadata": {"queryId": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    const { status } = await post('application/json', Buffer.from(text), {}, '/v1/trino/events');
    expect(status).toBe(400);
    const pageToken = Buffer.from('['.repeat(100_000) + ']'.repeat(100_000)).toString('base64url');
    expect(await server.post('QueueService/ListQueued', { pageToken })).toMatchObject({
      status: 400,
      body: { code: 'invalid_argument' },
    });
  });
});
