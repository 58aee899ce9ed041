import { expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { ask, pageOf, post } from '../support/client.ts';
import { startTestbed } from '../support/testbed.ts';

// Clusters that fall silent, with time limits long enough for a machine that is busy elsewhere.

test('one that is silent may be running the query: 504, which clients repeat', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino }, config: { poll_time_limit: 3_000 } });
  const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
  trino.fault({ on: 'poll', action: { kind: 'silence' } });
  expect((await ask(nextUri)).status).toBe(504);
  expect((await ask(nextUri)).status).toBe(200);
});

test('a page that stalls ends as a broken connection, never as a clean end', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino }, config: { poll_time_limit: 3_000 } });
  trino.when('ROWS', { columns: [{ name: 'a', type: 'varchar' }], pageBytes: 400_000, pages: 2 });
  let page = pageOf(await post(router.url, 'ROWS'));
  while (page.nextUri?.includes('/queued/')) page = pageOf(await ask(page.nextUri));
  trino.fault({ on: 'poll', times: 3, action: { kind: 'stalled-page', bytes: 300 } });
  for (const headers of [[], ['Accept-Encoding', 'gzip']] as const) {
    const reply = await ask(page.nextUri ?? '', { headers });
    expect(reply).toMatchObject({ status: 200, whole: false });
  }
  const old = await ask(page.nextUri ?? '', { headers: ['Connection', 'close'] });
  expect(old.whole).toBe(false);
  expect((await ask(page.nextUri ?? '')).whole).toBe(true);
});
