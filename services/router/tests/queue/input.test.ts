import { describe, expect, test } from '@jest/globals';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { fakeAdmission } from '../support/fake-admission.ts';
import { onlyWaiter, pollUntilHandedOver, startQueueBed } from '../support/queue-bed.ts';
import { answerJson, firstPage, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

describe('a client that waits', () => {
  test('with a link that is guessed, altered or of another query gets 404, without a hint', async () => {
    await using bed = await startQueueBed();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const { nextUri: other = '' } = pageOf(await post(bed.router.url, 'SELECT 2'));
    const slug = (link: string) => link.split('/').at(-2) ?? '';
    const wrong = [
      nextUri.replace(slug(nextUri), slug(other)),
      nextUri.replace(slug(nextUri), `y${'0'.repeat(slug(nextUri).length - 1)}`),
      nextUri.replace(slug(nextUri), slug(nextUri).slice(0, -1)),
      nextUri.replace(
        slug(nextUri),
        slug(nextUri).replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      ),
      nextUri.replace(slug(nextUri), 'y00'),
      nextUri.replace('/queued/', '/executing/'),
      nextUri.replace(/_(\d{5})_/, '_99999_'),
    ];
    for (const link of wrong)
      for (const method of ['GET', 'HEAD', 'DELETE'])
        expect(await ask(link, { method })).toMatchObject({
          status: 404,
          text: method === 'HEAD' ? '' : 'Error 404 Not Found: Query not found',
        });
    bed.admission.waiters.clear();
    expect(await ask(nextUri)).toMatchObject({ status: 404, text: 'Error 404 Not Found: Query not found' });
    expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(404);
  });

  test('with X-Presto-* headers, and none of them in its polls as PyHive does, gets X-Presto-* back', async () => {
    await using cluster = await startStub((request, response) => {
      answerJson(response, firstPage(request), ['X-Trino-Set-Catalog', 'hive']);
    });
    const admission = fakeAdmission({ cluster: 0 });
    await using router = await startTestbed({ clusters: { cluster }, admission });
    const { nextUri = '' } = pageOf(
      await post(router.url, 'SELECT 1', ['X-Presto-User', 'alice', 'X-Presto-Source', 'pyhive']),
    );
    admission.slots.cluster = 1;
    for (const reply of [await pollUntilHandedOver(nextUri, []), await ask(nextUri)]) {
      expect(reply.headers['x-presto-set-catalog']).toBe('hive');
      expect(reply.headers['x-trino-set-catalog']).toBeUndefined();
    }
    const [submitted] = cluster.requests;
    expect(submitted?.headers).toMatchObject({ 'x-trino-user': 'alice', 'x-trino-source': 'pyhive' });
    expect(cluster.requests).toHaveLength(1);
  });

  test('with a statement of 10 MB: every byte of it waits and reaches the cluster', async () => {
    const statement = Buffer.concat([
      Buffer.from('SELECT 1 -- '),
      Buffer.alloc(10_000_000, 'x\u20ac'),
      Buffer.of(0xff),
    ]);
    let received = Buffer.alloc(0);
    await using cluster = await startStub((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received = Buffer.concat(chunks);
        answerJson(response, firstPage(request));
      });
    });
    const admission = fakeAdmission({ cluster: 0 });
    await using router = await startTestbed({ clusters: { cluster }, admission });
    const { nextUri = '' } = pageOf(await post(router.url, statement));
    admission.slots.cluster = 1;
    expect(pageOf(await pollUntilHandedOver(nextUri)).id).toBe('20261121_080808_00130_93wed');
    expect(received.equals(statement)).toBe(true);
  });

  test('with a statement that is too long to wait reads that, and may come back when there is room', async () => {
    await using bed = await startQueueBed();
    const statement = Buffer.alloc(12_000_000, 'SELECT 1 -- ');
    const { last } = await run(bed.router.url, statement);
    expect(last.error).toMatchObject({
      errorName: 'QUERY_TEXT_TOO_LARGE',
      message: expect.stringContaining('too long to wait'),
    });
    expect(bed.admission.waiters.size).toBe(0);
  });

  test('leaves nothing readable in the store', async () => {
    await using bed = await startQueueBed();
    const { nextUri = '' } = pageOf(
      await post(bed.router.url, "SELECT 'literal-42'", [...user, 'X-Trino-Extra-Credential', 'a=credential-42']),
    );
    const waiter = onlyWaiter(bed.admission);
    const sealed = Buffer.from(waiter?.sealed ?? []).toString('latin1');
    expect(sealed.length).toBeGreaterThan(100);
    for (const secret of ['literal-42', 'credential-42', 'alice']) expect(sealed).not.toContain(secret);
    const slug = nextUri.split('/').at(-2) ?? '';
    expect(JSON.stringify([...bed.admission.waiters.values()])).not.toContain(slug.slice(1, 20));
  });
});
