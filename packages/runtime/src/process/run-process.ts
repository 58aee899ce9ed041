import { describeError } from '../logging/logger.ts';

/** A process at work: the line that says so, and its orderly end. */
export type RunningProcess = AsyncDisposable & { readonly readyLine: string };

const STOP_TIME_LIMIT_MS = 9_000;

/**
 * Runs a process from start to stop: prints its ready line, waits for SIGTERM or SIGINT, disposes of it and exits 0.
 * A start that fails prints why and exits 1. From the signal on it takes at most 9 s, also when a start or a stop hangs.
 */
export async function runProcess(start: () => Promise<RunningProcess>): Promise<never> {
  const asked = Promise.withResolvers<void>();
  let isStopping = false;
  const stop = () => {
    // A terminal and a parent process may both send one: the second does not cut an orderly stop short.
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(0), STOP_TIME_LIMIT_MS);
    asked.resolve();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  try {
    const running = await start();
    if (!isStopping) process.stdout.write(`${running.readyLine}\n`);
    await asked.promise;
    await running[Symbol.asyncDispose]();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    process.exit(1);
  }
}
