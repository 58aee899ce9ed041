import { captureOutput } from '../logging/capture-output.ts';
import { describeError, type Logger } from '../logging/logger.ts';

/** A process at work: the line that says so, and its orderly end. */
export type RunningProcess = AsyncDisposable & { readonly readyLine: string };

const STOP_TIME_LIMIT_MS = 9_000;

/**
 * Runs a process from start to stop: logs its ready line, waits for SIGTERM or SIGINT, disposes of it and exits 0.
 * A start that fails logs why and exits 1. From the signal on it takes at most 9 s, also when a start or a stop hangs.
 */
export async function runProcess(logger: Logger, start: () => Promise<RunningProcess>): Promise<never> {
  captureOutput(logger);
  logger.notice('starting', { pid: process.pid, node: process.version });
  const asked = Promise.withResolvers<void>();
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // A terminal and a parent process may both send one: the second does not cut an orderly stop short.
    if (isStopping) return;
    isStopping = true;
    logger.notice('stopping', { signal });
    setTimeout(() => {
      logger.notice('stopped', { complete: false });
      process.exit(0);
    }, STOP_TIME_LIMIT_MS);
    asked.resolve();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  try {
    const running = await start();
    if (!isStopping) logger.notice(running.readyLine);
    await asked.promise;
    await running[Symbol.asyncDispose]();
    logger.notice('stopped');
    process.exit(0);
  } catch (error) {
    logger.fatal(describeError(error));
    process.exit(1);
  }
}
