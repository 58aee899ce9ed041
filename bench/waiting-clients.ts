import { setTimeout as delay } from 'node:timers/promises';
import { startScriptedTrino } from '@trino-gateway/testing';
import { cpuSeconds, residentMb } from '@trino-gateway/testing/processes/process-cost';
import { until } from '@trino-gateway/testing/processes/until';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import { waitInQueue } from './load.ts';

const WAITING = 1_000;
/** Until the code is compiled that a poll runs through, at so few a second, and the first garbage is collected. */
const SETTLED_MS = 20_000;
const WATCHED_MS = 10_000;

/** What clients cost that wait for a slot and poll once a second, on SQLite with one process of each kind. Each line goes to `say`. */
export async function waitingClientCosts(say: (line: string) => void): Promise<void> {
  say(
    '| waiting clients | polls a second | router, of a core | gatewayserver, of a core | together | CPU µs a poll | router KB each | gatewayserver KB each |',
  );
  say('| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  say(`| ${(await costsOf(WAITING)).join(' | ')} |`);
}

async function costsOf(clients: number): Promise<string[]> {
  await using trino = await startScriptedTrino({
    script: ({ statement }) => (statement === 'SELECT endless' ? { runMs: Number.POSITIVE_INFINITY } : undefined),
  });
  await using suite = await startSuite({
    // All clients are one user.
    gatewayserver: { DEFAULT_GROUP: 'limited', QUEUE_MAX_QUEUED_PER_USER: '0', QUEUE_MAX_QUEUED_PER_GROUP: '0' },
    router: { EXPLAIN_HEADERS: 'false' },
  });
  await suite.addBackends({ full: trino.url }, { maxRunningQueries: 1 });
  await suite.addGroup('limited', ['full']);
  const pids = [suite.router.pid, suite.gatewayserver.pid];
  const before = pids.map(residentMb);
  const over = new AbortController();
  const answers = { count: 0 };
  const waiting = waitInQueue(suite.router.url, clients + 1, over.signal, () => {
    answers.count += 1;
  });
  await until(
    'all of them to wait',
    async () => {
      const { groups = [] } = await suite.call<{ groups?: { queued?: number }[] }>('QueueService/GetQueueStats', {
        groupId: 'limited',
      });
      return groups[0]?.queued === clients;
    },
    120_000,
  );
  await delay(SETTLED_MS);
  const [began, counted, cpu] = [performance.now(), answers.count, pids.map((pid) => cpuSeconds([pid]))];
  await delay(WATCHED_MS);
  const seconds = (performance.now() - began) / 1_000;
  const polls = (answers.count - counted) / seconds;
  const shares = pids.map((pid, at) => (cpuSeconds([pid]) - (cpu[at] ?? 0)) / seconds);
  const together = shares.reduce((sum, share) => sum + share, 0);
  const grown = pids.map((pid, at) => ((residentMb(pid) - (before[at] ?? 0)) * 1_024) / clients);
  over.abort();
  await waiting;
  return [
    String(clients),
    polls.toFixed(0),
    ...[...shares, together].map((share) => share.toFixed(2)),
    ((together / polls) * 1_000_000).toFixed(0),
    ...grown.map((kb) => kb.toFixed(0)),
  ];
}
