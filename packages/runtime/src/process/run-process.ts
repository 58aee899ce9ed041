import { captureOutput } from '../logging/capture-output.ts';
import { describeError, type Logger } from '../logging/logger.ts';
import { VERSION } from './version.ts';

/** A process at work: the line that says so, and its orderly end. */
export type RunningProcess = AsyncDisposable & {
  readonly readyLine: string;
  /** A stop will follow: from now on /readyz says no, while everything is served as before. */
  announceStop(): void;
};

/** What SIGHUP does to a process at work; it never rejects. */
type HangUp<Running> = (running: Running) => Promise<void>;

const STOP_TIME_LIMIT_MS = 9_000;

/**
 * Runs a process from start to stop: logs its ready line, waits for SIGTERM or SIGINT, disposes of it and exits 0.
 * A start that fails logs why and exits 1. From the signal on it takes at most 9 s, also when a start or a stop hangs.
 * SIGHUP ends nothing: it calls `hangUp`, once the process is ready, and once more for signals that arrive meanwhile.
 * SIGUSR2 announces a stop, so that balancers send new requests elsewhere before it begins.
 */
export async function runProcess<Running extends RunningProcess>(
  logger: Logger,
  start: () => Promise<Running>,
  hangUp: HangUp<Running>,
): Promise<never> {
  captureOutput(logger);
  logger.notice('starting', { pid: process.pid, node: process.version, version: VERSION });
  const begun = Promise.withResolvers<Running>();
  const onHangUp = oneAtATime(async () => {
    const running = await begun.promise;
    if (!isStopping) await hangUp(running);
  });
  process.on('SIGHUP', onHangUp);
  process.on('SIGUSR2', async () => {
    logger.notice('a stop is announced: no longer ready, requests are served on');
    (await begun.promise).announceStop();
  });
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
    begun.resolve(running);
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

/** Runs work after each call; calls that arrive while it runs are one more run together. */
function oneAtATime(work: () => Promise<void>): () => void {
  let isRunning = false;
  let isAskedAgain = false;
  const run = async () => {
    isRunning = true;
    do {
      isAskedAgain = false;
      await work();
    } while (isAskedAgain);
    isRunning = false;
  };
  return () => {
    if (isRunning) isAskedAgain = true;
    else void run();
  };
}
