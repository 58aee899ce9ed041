import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { keepRunning, type Sample } from './keep-running.ts';

const FETCH = fileURLToPath(new URL('../trino/main.ts', import.meta.url));
/** On a machine with two idle cores it is 15 s; a busy one is given time. */
const READY_WITHIN_MS = 600_000;
/**
 * Big enough for tpch.sf1 (its connector alone keeps 300 MB on the heap), and limited so that a query is refused before the
 * heap is full. Ended queries are forgotten soon: each keeps its text, and by default a hundred of them stay for 15 minutes.
 */
const SIZE = {
  heap: '1G',
  properties: {
    'memory.heap-headroom-per-node': '512MB',
    'query.max-memory': '128MB',
    'query.max-memory-per-node': '128MB',
    'query.max-total-memory': '192MB',
    'sink.max-buffer-size': '8MB',
    'exchange.max-buffer-size': '8MB',
    'query.max-history': '20',
    'query.min-expire-age': '5s',
    'query.client.timeout': '1m',
  },
};
const NAMES = ['sample-a', 'sample-b'] as const;

/** Where they listen and log. */
export type SamplesOptions = {
  ports: readonly [number, number];
  /** Gets `sample-a.log`, `sample-b.log`. */
  logFolder: string;
  say: (line: string) => void;
  signal: AbortSignal;
};

/** Why the samples cannot be had; the message says what is missing and what to do instead. */
export class NoSamples extends Error {
  override readonly name = 'NoSamples';
}

/**
 * Makes sure that Trino is in the cache, in a process of its own: a download that is under way ends with the signal.
 * @throws NoSamples
 */
export async function fetchSamples(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [FETCH, 'fetch'], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const endGroup = () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, 'SIGTERM'); // Maven is of that group too
  };
  signal.addEventListener('abort', endGroup, { once: true });
  const lines: string[] = [];
  const output = createInterface({ input: child.stderr });
  output.on('line', (line) => {
    lines.push(line);
    if (/^(fetching|downloading|unpacking)/.test(line)) say(`samples: ${line}`);
  });
  const [[code]] = await Promise.all([once(child, 'exit'), once(output, 'close')]);
  signal.removeEventListener('abort', endGroup);
  signal.throwIfAborted();
  if (code !== 0) throw new NoSamples(lines.slice(-15).join('\n'));
}

/**
 * Starts both samples at once and answers when both run queries; with the failure of one the other is stopped. From then on
 * they are started again when they end.
 */
export async function startSamples({ ports, logFolder, say, signal }: SamplesOptions): Promise<Sample[]> {
  say('samples: starting two Trino coordinators, which takes 10 to 30 s');
  const results = await Promise.allSettled(
    NAMES.map(async (name, at) => {
      const logPath = join(logFolder, `${name}.log`);
      await rm(logPath, { force: true });
      const options = { name, ...SIZE, logPath, readyWithinMs: READY_WITHIN_MS, signal };
      const first = await startCoordinator({ ...options, port: ports[at] ?? 0 });
      say(`samples: ${name} runs queries at ${first.url}`);
      const start = () => startCoordinator({ ...options, port: first.port });
      return { first, keep: () => keepRunning({ first, start, say, signal }) };
    }),
  );
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return started.map(({ keep }) => keep());
  await Promise.all(started.map(({ first }) => first.stop(1_000)));
  signal.throwIfAborted();
  throw failed.reason;
}
