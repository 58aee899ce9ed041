import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { headerValues, startScriptedTrino } from '@trino-gateway/testing';
import { post, run, user } from '../support/client.ts';
import { startTestbed } from '../support/testbed.ts';

test('a compressed statement is refused, and the answer says how to send it', async () => {
  await using router = await startTestbed();
  const { status, text } = await post(router.url, gzipSync('SELECT 1'), [...user, 'Content-Encoding', 'gzip']);
  const why = 'A statement must be plain text: send it without Content-Encoding "gzip"';
  expect([status, text]).toEqual([415, `Error 415 Unsupported Media Type: ${why}`]);
});

test.each(['utf-8', 'UTF8', 'gzip', 'aws-chunked'])(
  'text with Content-Encoding %s runs as it is, as in Trino',
  async (name) => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const { rows } = await run(router.url, 'SELECT 1', [...user, 'Content-Encoding', name]);
    expect(rows).toEqual([[1]]);
    // Nothing behind the router may decode what it has read otherwise.
    expect(trino.requests.flatMap(({ rawHeaders }) => headerValues(rawHeaders, 'content-encoding'))).toEqual([]);
  },
);
