import winston from 'winston';
import { type LogEntry, type LogFormat, logLine } from './log-line.ts';

/** The levels a process can log at, most severe first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the rest of the code logs with. Fields hold facts; never secrets, credentials or SQL text. */
export type Logger = {
  /** The least severe level that is written. Set on the logger a process was started with it holds for its children, too. */
  level: LogLevel;
  /** Written at every level, as info: that the process starts, is ready, or stops. */
  notice(message: string, fields?: Record<string, unknown>): void;
  /** Written to standard error: why the process ends. */
  fatal(message: string, fields?: Record<string, unknown>): void;
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

/** Lines on standard output, in order of time: see {@link logLine}. */
export function createLogger(service: string, level: LogLevel, format: LogFormat = 'json'): Logger {
  const write = winston.format((info) => {
    const { level: _, message, service: own, ...fields } = info;
    const shown = info.level === 'notice' ? 'info' : info.level;
    info[MESSAGE] = logLine(format, entry(shown, String(own), message, fields), new Date());
    return info;
  });
  const logger = winston.createLogger({
    level,
    // What is as severe as an error is written at every level.
    levels: { notice: 0, error: 0, warn: 1, info: 2, debug: 3 },
    format: write(),
    defaultMeta: { service },
    transports: [new winston.transports.Console()],
  }) as winston.Logger & Logger;
  const standardError = process.stderr.write.bind(process.stderr);
  logger.fatal = (message, fields = {}) =>
    void standardError(`${logLine(format, entry('error', service, message, fields), new Date())}\n`);
  return logger;
}

const MESSAGE = Symbol.for('message');

function entry(level: string, service: string, message: unknown, fields: Record<string, unknown>): LogEntry {
  return { level, service, message: String(message), fields };
}

/** For tests and tools that have nothing to say. */
export const silentLogger: Logger = {
  level: 'error',
  notice() {},
  fatal() {},
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
