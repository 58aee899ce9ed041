import { expect, test } from '@jest/globals';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { mergeMetrics } from './merged-metrics.ts';
import type { Measured } from './messages.ts';

function measured() {
  const registry = new Registry();
  const polls = new Counter({ name: 'polls_total', help: 'Polls.', labelNames: ['code'], registers: [registry] });
  const live = new Gauge({ name: 'live', help: 'Live.', registers: [registry] });
  const seconds = new Histogram({ name: 'seconds', help: 'Time.', buckets: [1], registers: [registry] });
  return { registry, polls, live, seconds, read: async () => (await registry.getMetricsAsJSON()) as Measured };
}

test('the figures of all processes are added up, and what a worker has counted stays when it ends', async () => {
  const [one, two] = [measured(), measured()];
  const own = new Registry();
  new Gauge({ name: 'build', help: 'Build.', aggregator: 'first', registers: [own] }).set(1);
  new Gauge({ name: 'build', help: 'Build.', aggregator: 'first', registers: [one.registry] }).set(1);
  let workers = [one, two];
  const merged = mergeMetrics(
    own,
    async () => new Map(await Promise.all(workers.map(async (worker, at) => [at, await worker.read()] as const))),
  );
  one.polls.inc({ code: '200' }, 3);
  two.polls.inc({ code: '200' }, 4);
  two.polls.inc({ code: '503' });
  one.live.set(1);
  two.live.set(2);
  one.seconds.observe(0.5);
  two.seconds.observe(2);
  const lines = async () =>
    (await merged.metrics())
      .split('\n')
      .filter((line) => /^[a-z]/.test(line))
      .sort();
  const histogram = ['seconds_bucket{le="+Inf"} 2', 'seconds_bucket{le="1"} 1', 'seconds_count 2', 'seconds_sum 2.5'];
  expect(await lines()).toEqual([
    'build 1',
    'live 3',
    'polls_total{code="200"} 7',
    'polls_total{code="503"} 1',
    ...histogram,
  ]);

  workers = [one];
  merged.left(1);
  one.polls.inc({ code: '200' });
  expect(await lines()).toEqual([
    'build 1',
    'live 1',
    'polls_total{code="200"} 8',
    'polls_total{code="503"} 1',
    ...histogram,
  ]);
  merged.left(0);
  workers = [];
  expect(await lines()).toContain('polls_total{code="200"} 8');
});
