import { isDeepStrictEqual } from 'node:util';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { ConfigError, type SuiteConfig } from './load.ts';
import { type SectionName, TAKEN_ANEW } from './sections/index.ts';

type Reload<Name extends SectionName> = {
  section: Name;
  /** What is in force: it is changed in place, as far as its keys can change while the process runs. */
  live: SuiteConfig[Name];
  /** @throws ConfigError */
  reread: () => SuiteConfig;
  logger: Logger;
  /** Puts in force what is more than a value to read; called before anything else is changed. When it fails nothing is. */
  declare?: (next: SuiteConfig) => Promise<void>;
  /** Called after the keys have changed. */
  changed?: () => void;
};

/**
 * What a process does on SIGHUP: reads its configuration anew and puts it in force, or logs every problem and keeps the one
 * before. Never rejects.
 */
export function reloadOnHangUp<Name extends SectionName>(reload: Reload<Name>): () => Promise<void> {
  const { section, live, reread, logger, declare, changed } = reload;
  return async () => {
    try {
      const next = reread();
      await declare?.(next);
      const { taken, waiting } = takeChanges(section, live, next[section]);
      // Also after a change of the level at the ops port: from now on the file says it.
      logger.level = live.log_level;
      changed?.();
      logger.notice('the configuration was read anew', { changed: taken });
      if (waiting.length > 0) logger.warn('changed keys that hold after a restart only', { keys: waiting });
      warnOfDoubts(next, logger);
    } catch (error) {
      const why = error instanceof ConfigError ? { problems: error.problems } : { error: describeError(error) };
      logger.error('the configuration was not read anew: the one before stays in force', why);
    }
  };
}

/** Changes what is in force. @returns the keys that were taken, and those that only a start takes */
export function takeChanges<Name extends SectionName>(
  section: Name,
  live: SuiteConfig[Name],
  next: SuiteConfig[Name],
): { taken: string[]; waiting: string[] } {
  const [before, after] = [live, next] as Record<string, unknown>[];
  const keys = new Set([...Object.keys(live), ...Object.keys(next)]);
  const differing = [...keys].filter((key) => !isDeepStrictEqual(before?.[key], after?.[key]));
  const isTaken = (key: string) => (TAKEN_ANEW[section] as readonly string[]).includes(key);
  for (const key of differing.filter(isTaken)) Object.assign(live, { [key]: after?.[key] });
  const named = (some: string[]) => some.map((key) => `${section}.${key}`);
  return { taken: named(differing.filter(isTaken)), waiting: named(differing.filter((key) => !isTaken(key))) };
}

/** Logs what `--check-config` would refuse, and a start does not. */
export function warnOfDoubts({ doubts }: SuiteConfig, logger: Logger): void {
  if (doubts.length > 0) logger.warn('--check-config refuses this configuration', { problems: doubts });
}
