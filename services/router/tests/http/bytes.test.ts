import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { ask, pageOf, post, user } from '../support/client.ts';
import { answerJson, firstPage, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

const id = '20261121_080808_00130_93wed';

test('compressed pages pass as the cluster made them', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino } });
  const reply = await post(router.url, 'SELECT 1', [...user, 'Accept-Encoding', 'gzip']);
  expect(reply.headers).toMatchObject({
    'content-encoding': 'gzip',
    vary: 'Accept-Encoding',
    'content-length': String(reply.bytes.length),
  });
  expect(JSON.parse(gunzipSync(reply.bytes).toString()).stats.state).toBe('QUEUED');
});

test('a page passes byte for byte, numbers beyond doubles and odd spacing included', async () => {
  const body = `{ "id":"${id}", "columns":[], "data":[[9223372036854775807, 1.10, "nextUri\\u0000é"]],\n"stats":{"state":"FINISHED"} }`;
  await using stub = await startStub((request, response) =>
    answerJson(response, request.method === 'POST' ? firstPage(request) : body),
  );
  await using router = await startTestbed({ clusters: { stub } });
  const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
  expect((await ask(nextUri)).text).toBe(body);
  expect(router.ended).toEqual([{ id, state: 3, error: undefined }]);
});

test('repeated header lines stay repeated and in order, both ways', async () => {
  const repeated = [
    'X-Trino-Set-Session',
    'a=1',
    'X-Trino-Set-Session',
    'b=2',
    'x-trino-added-prepare',
    'p=x',
    'Set-Cookie',
    'c=1',
    'Set-Cookie',
    'd=2',
  ];
  await using stub = await startStub((request, response) => answerJson(response, firstPage(request), repeated));
  await using router = await startTestbed({ clusters: { stub } });
  const sent = [
    ...user,
    'X-Trino-Session',
    'a=1',
    'X-Trino-Session',
    'b=2',
    'X-Trino-Session',
    '',
    'x-trino-role',
    'system=ALL',
  ];
  for (const reply of [
    await post(router.url, 'SELECT 1', sent),
    await ask(`${router.url}/v1/statement/queued/${id}/ya/1`, { headers: sent }),
  ]) {
    expect(reply.rawHeaders.join('\n')).toContain(repeated.join('\n'));
  }
  for (const { rawHeaders } of stub.requests) expect(rawHeaders.join('\n')).toContain(sent.join('\n'));
});

test('header bytes above ASCII pass unchanged', async () => {
  await using stub = await startStub((request, response) =>
    answerJson(response, firstPage(request), ['X-Trino-Set-Schema', 'sch\u00e9ma\u00ff']),
  );
  await using router = await startTestbed({ clusters: { stub } });
  const reply = await post(router.url, 'SELECT 1', [...user, 'X-Trino-Client-Info', '\u00fcber\u00ff']);
  expect(reply.headers['x-trino-set-schema']).toBe('sch\u00e9ma\u00ff');
  expect(stub.requests[0]?.headers['x-trino-client-info']).toBe('\u00fcber\u00ff');
});

test('two megabytes of headers pass both ways', async () => {
  const long = Array.from({ length: 3_000 }, (_, at) => ['X-Trino-Added-Prepare', `p${at}=${'x'.repeat(620)}`]).flat();
  await using stub = await startStub((request, response) => answerJson(response, firstPage(request), long));
  await using router = await startTestbed({ clusters: { stub } });
  const sent = [...user, 'X-Trino-Prepared-Statement', `p=${'y'.repeat(1_900_000)}`];
  const reply = await post(router.url, 'EXECUTE p', sent);
  expect(reply.status).toBe(200);
  expect(reply.rawHeaders.filter((text) => text === 'X-Trino-Added-Prepare')).toHaveLength(3_000);
  expect(stub.requests[0]?.headers['x-trino-prepared-statement']?.length).toBe(1_900_002);
});

test('hop-by-hop headers, and those that a cluster would trust, do not pass', async () => {
  await using stub = await startStub((request, response) =>
    answerJson(response, firstPage(request), [
      'Strict-Transport-Security',
      'max-age=1',
      'Keep-Alive',
      'timeout=7',
      'Connection',
      'X-Between, keep-alive',
      'X-Between',
      '1',
      'X-Other',
      '2',
    ]),
  );
  await using router = await startTestbed({ clusters: { stub } });
  const reply = await post(router.url, 'SELECT 1', [
    ...user,
    ...[
      'X-Trino-Internal-Bearer',
      'secret',
      'X-Trino-Routing-Group',
      'etl',
      'Forwarded',
      'host=evil',
      'X-Forwarded-Host',
      'evil',
      'X-Forwarded-Prefix',
      '/evil',
      'X-Real-IP',
      '6.6.6.6',
    ],
    ...['TE', 'trailers', 'Proxy-Authorization', 'secret', 'Connection', 'X-Mine', 'X-Mine', '1', 'X-Trace', 'kept'],
  ]);
  const { headers = {} } = stub.requests[0] ?? {};
  for (const name of [
    'x-trino-internal-bearer',
    'x-trino-routing-group',
    'forwarded',
    'x-forwarded-prefix',
    'x-real-ip',
    'te',
    'proxy-authorization',
    'x-mine',
  ])
    expect(headers[name]).toBeUndefined();
  expect(headers).toMatchObject({
    'x-forwarded-host': `127.0.0.1:${router.port}`,
    'x-forwarded-for': '127.0.0.1',
    'x-trace': 'kept',
  });
  expect(reply.headers['strict-transport-security']).toBeUndefined();
  expect(reply.headers['x-between']).toBeUndefined();
  expect(reply.headers['x-other']).toBe('2');
  expect(reply.headers['keep-alive']).not.toBe('timeout=7');
});

test('X-Presto clients cannot smuggle the internal credential in under their own prefix', async () => {
  await using stub = await startStub((request, response) => answerJson(response, firstPage(request)));
  await using router = await startTestbed({ clusters: { stub } });
  await post(router.url, 'SELECT 1', [
    'X-Presto-User',
    'alice',
    'X-Presto-Internal-Bearer',
    'secret',
    'X-Presto-Routing-Group',
    'etl',
  ]);
  expect(stub.requests[0]?.headers).toMatchObject({ 'x-trino-user': 'alice' });
  expect(JSON.stringify(stub.requests[0]?.rawHeaders)).not.toMatch(/internal-bearer|routing-group|x-presto/i);
});

test('a compression bomb in an answer costs nothing but its transfer', async () => {
  const bomb = gzipSync(
    Buffer.concat([Buffer.from(`{"id":"${id}","columns":"`), Buffer.alloc(60_000_000, 'x'), Buffer.from('"}')]),
    { level: 9 },
  );
  await using stub = await startStub((request, response) => {
    if (request.method === 'POST') answerJson(response, firstPage(request));
    else {
      response.writeHead(200, [
        'Content-Type',
        'application/json',
        'Content-Encoding',
        'gzip',
        'Content-Length',
        String(bomb.length),
      ]);
      response.end(bomb);
    }
  });
  await using router = await startTestbed({ clusters: { stub } });
  const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
  expect((await ask(nextUri)).bytes.equals(bomb)).toBe(true);
});

test('an HTTP/1.0 client gets an unchunked answer and a closed connection', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino } });
  const { connect } = await import('node:net');
  const socket = connect(router.port, '127.0.0.1');
  socket.write('POST /v1/statement HTTP/1.0\r\nX-Trino-User: alice\r\nContent-Length: 8\r\n\r\nSELECT 1');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  expect(text).not.toMatch(/transfer-encoding/i);
  expect(text).toContain(`"nextUri":"http://127.0.0.1:${router.port}/v1/statement/queued/`);
});
