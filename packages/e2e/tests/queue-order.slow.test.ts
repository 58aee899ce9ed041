import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { type OneSlot, startOneSlot } from '../support/one-slot.ts';

const LIMIT_MS = 240_000;
const BURST = 60;
const APART_MS = 5;
let slot: OneSlot;

beforeEach(async () => {
  slot = await startOneSlot();
}, LIMIT_MS);

afterEach(async () => {
  await slot?.[Symbol.asyncDispose]();
}, LIMIT_MS);

test(
  'a burst of statements, five milliseconds apart, waits in the order in which they were sent',
  async () => {
    const { suite, startRunning, queueStats } = slot;
    const first = await startRunning('SELECT held 0');
    // Connections are open before the burst: it is the order of requests that counts.
    await Promise.all(
      Array.from({ length: BURST }, () => fetch(`${suite.router.url}/v1/info`).then((one) => one.text())),
    );
    const sent: Promise<{ id: string }>[] = [];
    const began = performance.now();
    for (let n = 0; n < BURST; n++) {
      sent.push(openQuery(suite.router.url, `SELECT held ${n + 1}`));
      await pause(Math.max(0, began + (n + 1) * APART_MS - performance.now()));
    }
    const ids = (await Promise.all(sent)).map(({ id }) => id);
    const { queries } = await suite.call<{ queries: { id: string }[] }>('QueueService/ListQueued', { pageSize: 100 });
    const changed = queries.filter(({ id }, at) => ids[at] !== id).length;
    process.stdout.write(`${changed} of ${BURST} have changed places\n`);
    expect(queries).toHaveLength(BURST);
    expect(changed).toBe(0);
    for (const id of ids) await suite.call('QueryService/CancelQuery', { id });
    first.query.finishEarly();
    await first.done;
    expect((await queueStats()).groups[0]?.queued ?? 0).toBe(0);
  },
  LIMIT_MS,
);
