import { format } from 'node:util';
import { describeError, type Logger } from './logger.ts';

const LONGEST_TEXT = 2_000;
const LONGEST_STACK = 4_000;

/**
 * From now on what libraries print becomes log lines, and so do warnings of Node and errors that no code handles, which end the
 * process with 1. What Node itself writes when it runs out of memory stays as it is.
 */
export function captureOutput(logger: Logger): void {
  const toConsole = (...values: unknown[]) => {
    logger.warn('a library wrote to the console', { text: firstLine(format(...values)) });
  };
  Object.assign(console, { log: toConsole, info: toConsole, warn: toConsole, error: toConsole, debug: toConsole });
  process.stderr.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    const text = firstLine(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    if (text !== '') logger.warn('a library wrote to standard error', { text });
    const done = rest.findLast((one) => typeof one === 'function');
    if (done !== undefined) process.nextTick(done as () => void);
    return true;
  }) as typeof process.stderr.write;
  process.removeAllListeners('warning').on('warning', ({ name, message }) => {
    logger.warn('a warning of Node', { name, text: message.slice(0, LONGEST_TEXT) });
  });
  process.on('uncaughtException', (error: unknown) => {
    const stack = error instanceof Error ? error.stack?.slice(0, LONGEST_STACK) : undefined;
    logger.fatal('unhandled error: the process ends', { error: describeError(error), stack });
    process.exit(1);
  });
}

function firstLine(text: string): string {
  return (text.trimStart().split('\n')[0] ?? '').trimEnd().slice(0, LONGEST_TEXT);
}
