import { format } from 'node:util';
import winston from 'winston';

/** The levels a process can log at, most severe first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the rest of the code logs with. Fields hold facts; never secrets, credentials or SQL text. */
export type Logger = {
  /** The least severe level that is written. Set on the logger a process was started with it holds for its children, too. */
  level: LogLevel;
  error(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  debug(message: string, fields?: Record<string, unknown>): void;
  /** A logger that adds these fields to each of its lines. */
  child(fields: Record<string, unknown>): Logger;
};

/** Whether a text names a level. */
export function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text);
}

/** JSON lines on standard output: time, level, service, message, fields. */
export function createLogger(service: string, level: LogLevel): Logger {
  return winston.createLogger({
    level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    defaultMeta: { service },
    transports: [new winston.transports.Console()],
  }) as winston.Logger & Logger;
}

const LONGEST_CONSOLE_TEXT = 2_000;

/** From now on what libraries write to the console becomes log lines. */
export function logConsole(logger: Logger): void {
  const write = (...values: unknown[]) => {
    const [text = ''] = format(...values).split('\n');
    logger.warn('a library wrote to the console', { text: text.slice(0, LONGEST_CONSOLE_TEXT) });
  };
  Object.assign(console, { log: write, info: write, warn: write, error: write });
}

/** For tests and tools that have nothing to say. */
export const silentLogger: Logger = {
  level: 'error',
  error() {},
  warn() {},
  info() {},
  debug() {},
  child: () => silentLogger,
};

/** The chain of messages of an error and its causes, without stacks: fit for one field of a log line. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth++) {
    // A connection that failed on every address of a name has one error for each, and no message of its own.
    if (current instanceof Error && current.message === '' && 'errors' in current)
      current = (current as AggregateError).errors[0];
    messages.push(current instanceof Error ? current.message || current.name : String(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages.join(': ');
}
