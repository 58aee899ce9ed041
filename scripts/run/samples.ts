import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';

const FETCH = fileURLToPath(new URL('../trino/main.ts', import.meta.url));
/** On a machine with two idle cores it is 15 s; a busy one is given time. */
const READY_WITHIN_MS = 600_000;
const NAMES = ['sample-a', 'sample-b'] as const;

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

/** Starts both samples at once and answers when both run queries; with the failure of one the other is stopped. */
export async function startSamples(
  ports: readonly [number, number],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Coordinator[]> {
  say('samples: starting two Trino coordinators, which takes 10 to 30 s');
  const results = await Promise.allSettled(
    NAMES.map(async (name, at) => {
      const coordinator = await startCoordinator({
        name,
        port: ports[at] ?? 0,
        readyWithinMs: READY_WITHIN_MS,
        signal,
      });
      say(`samples: ${name} runs queries at ${coordinator.url}`);
      return coordinator;
    }),
  );
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return started;
  await Promise.all(started.map((one) => one.stop(1_000)));
  signal.throwIfAborted();
  throw failed.reason;
}
