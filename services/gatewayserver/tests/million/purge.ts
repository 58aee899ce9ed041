import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { purgeHistory } from '../../src/history/purge.ts';
import type { Million } from './database.ts';
import { percentile } from './percentile.ts';
import { SPAN_MS } from './plausible-row.ts';

const BATCHES = 1_000;
const PAUSE_MS = 5;
const QUERIES_PER_BATCH = 20;
// What is between noise on a shared machine and a purge that is in the way.
const MOST_TIMES_SLOWER = 3;
const NOISE_MS = 10;

/** Writes batches as the routers do, alone and beside a purge of half of history. @returns whether all is well */
export async function measurePurge(million: Million, newest: number, rows: number): Promise<boolean> {
  const alone = await writeBatches(million, 'alone');
  const stop = new AbortController();
  const startedAt = performance.now();
  let purged = 0;
  let over = false;
  const purge = purgeHistory({
    queries: million.store.queries,
    duties: million.store.duties,
    holder: 'million-rows',
    maxAgeMs: Date.now() - newest + SPAN_MS / 2,
    maxCount: 0,
    now: () => Date.now(),
    signal: stop.signal,
    onPurged: (count) => {
      purged += count;
    },
    logger: silentLogger,
  }).finally(() => {
    over = true;
  });
  const beside = await writeBatches(million, 'beside', () => over);
  const during = `${purged} rows in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  stop.abort();
  await purge;
  const line = (times: number[]) =>
    `p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms (${times.length} batches)`;
  console.log(`recordQueries of ${QUERIES_PER_BATCH}, alone:            ${line(alone)}`);
  console.log(`recordQueries of ${QUERIES_PER_BATCH}, beside the purge: ${line(beside)}; it deleted ${during}`);
  const [before, after] = [percentile(alone, 0.5), percentile(beside, 0.5)];
  if (after <= before * MOST_TIMES_SLOWER + NOISE_MS && purged > Math.min(rows / 100, 1_000)) return true;
  console.log('  <- the purge is in the way, or did not run');
  return false;
}

async function writeBatches({ store }: Million, name: string, over = () => false): Promise<number[]> {
  const times: number[] = [];
  for (let batch = 0; batch < BATCHES && !over(); batch++) {
    const queries = Array.from({ length: QUERIES_PER_BATCH }, (_, index) => {
      const id = `measured-${name}-${String(batch * QUERIES_PER_BATCH + index).padStart(6, '0')}`;
      return create(QuerySchema, {
        id,
        trinoQueryId: id,
        text: 'SELECT count(*) FROM tpch.sf1.orders',
        user: `analyst-${index}`,
        source: 'trino-cli',
        groupId: 'adhoc',
        backendId: `cluster-${index % 8}`,
        decidedBy: 'default_group',
        state: Query_State.QUEUED,
        submittedAt: timestampFromMs(Date.now()),
      });
    });
    const startedAt = performance.now();
    await store.queries.record(queries);
    times.push(performance.now() - startedAt);
    await delay(PAUSE_MS);
  }
  return times;
}
