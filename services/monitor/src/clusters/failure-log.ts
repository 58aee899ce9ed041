import type { Logger } from '@trino-gateway/runtime';
import { withoutQuoted } from './describe-failure.ts';

/** Logs for each backend that something fails, once until it succeeds again. */
export type FailureLog = {
  failed(backendId: string, error: string): void;
  /** It succeeded, or the backend is gone. */
  clear(backendId: string): void;
};

/**
 * Nothing fails yet.
 * @param message of the log line
 */
export function createFailureLog(message: string, logger: Logger): FailureLog {
  const failing = new Set<string>();
  return {
    failed: (backend, error) => {
      if (failing.has(backend)) return;
      failing.add(backend);
      logger.warn(message, { backend, error: withoutQuoted(error) });
    },
    clear: (backend) => void failing.delete(backend),
  };
}
