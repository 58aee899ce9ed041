import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { isTemporaryQueryId } from '@trino-gateway/trino';
import type { Page } from '../support/client.ts';
import { startQueueBed } from '../support/queue-bed.ts';
import { startTestbed } from '../support/testbed.ts';

/** What a client gets that closes its side together with its request, as `nc -N` does. */
async function askAndClose(url: string, { method = 'GET', body = '' } = {}): Promise<{ status: number; page: Page }> {
  const { hostname, port, pathname, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const head = [
    `${method} ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'X-Trino-User: alice',
    `Content-Length: ${body.length}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  const [first = '', json = ''] = (await text(socket)).split(/\r\n\r\n/);
  const start = json.indexOf('{');
  const page = start < 0 ? '{}' : json.slice(start, json.lastIndexOf('}') + 1);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(first)?.[1]), page: JSON.parse(page) as Page };
}

test('a client that half-closes gets the answers to its submission and its polls', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino } });
  let { status, page } = await askAndClose(`${router.url}/v1/statement`, { method: 'POST', body: 'SELECT 1' });
  const rows: unknown[] = [];
  while (page.nextUri !== undefined) {
    ({ status, page } = await askAndClose(page.nextUri));
    rows.push(...(page.data ?? []));
  }
  expect([status, rows]).toEqual([200, [[1]]]);
  expect((await askAndClose(`${router.url}/v1/info`)).status).toBe(200);
});

test('so does one that waits, and its connections end', async () => {
  await using bed = await startQueueBed();
  const { page } = await askAndClose(`${bed.router.url}/v1/statement`, { method: 'POST', body: 'SELECT 1' });
  expect(isTemporaryQueryId(page.id)).toBe(true);
  const second = await askAndClose(page.nextUri ?? '');
  expect(second).toMatchObject({ status: 200, page: { id: page.id, stats: { state: 'QUEUED' } } });
  const third = askAndClose(second.page.nextUri ?? '');
  await until('the poll is held', () => bed.router.held() === 1);
  bed.free();
  expect(isTemporaryQueryId((await third).page.id)).toBe(false);
  expect(bed.router.held()).toBe(0);
});
