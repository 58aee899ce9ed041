import { expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { ask, pageOf, post } from '../support/client.ts';
import { isWaiting, pollUntilHandedOver, startQueueBed } from '../support/queue-bed.ts';
import { headersOf, type Segment, segmentsOf, spoolingUser } from '../support/spooled-result.ts';

test('a query that has waited spools, and its segments reach their coordinator', async () => {
  const trino = await startScriptedTrino({ spooling: {} });
  await using bed = await startQueueBed({ trino });
  const waiting = await post(bed.router.url, 'SELECT * FROM tpch.tiny.orders', spoolingUser);
  expect(isWaiting(waiting)).toBe(true);
  bed.free();
  const first = await pollUntilHandedOver(pageOf(waiting).nextUri ?? '');
  expect(pageOf(first).nextUri).toContain(`/v1/coordinator/${trino.suffix}.`);
  const segments: Segment[] = [];
  for (let page = pageOf(first); page.nextUri !== undefined; segments.push(...segmentsOf(page)))
    page = pageOf(await ask(page.nextUri));
  expect(segments.length).toBeGreaterThan(0);
  for (const segment of segments) {
    const headers = headersOf(segment);
    expect((await ask(segment.uri, { headers })).status).toBe(200);
    expect((await ask(segment.ackUri, { headers })).status).toBe(200);
  }
});

test('a first poll that waits for its slot is told to ask again by the same path', async () => {
  const trino = await startScriptedTrino({ spooling: {} });
  await using bed = await startQueueBed({ trino, taken: 0 });
  const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT * FROM tpch.tiny.orders', spoolingUser));
  // The slot is lost before the client polls.
  bed.admission.leases.clear();
  bed.admission.slots.trino = 0;
  expect(pageOf(await ask(nextUri)).nextUri).toBe(nextUri);
  bed.admission.slots.trino = 1;
  expect(pageOf(await ask(nextUri)).nextUri).toContain(`/v1/coordinator/${trino.suffix}.`);
});
