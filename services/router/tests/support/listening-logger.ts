import type { Logger } from '@trino-gateway/runtime';

/** Keeps every line at every level as it would be written. */
export function listening() {
  const lines: string[] = [];
  const logAt = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    void lines.push(JSON.stringify({ level, message, ...fields }));
  const logger: Logger = {
    level: 'debug',
    notice: logAt('info'),
    fatal: logAt('error'),
    error: logAt('error'),
    warn: logAt('warn'),
    info: logAt('info'),
    debug: logAt('debug'),
    child: () => logger,
  };
  return { lines, logger };
}
