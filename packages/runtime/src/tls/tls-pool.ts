import type { Logger } from '../logging/logger.ts';
import { TlsFileError } from './tls-files.ts';
import { readTlsIdentity, type TlsIdentity, type TlsSettings } from './tls-identity.ts';

/**
 * Connections to clusters with TLS settings of their own: those of equal settings share one pool, those of different settings
 * never do. A pool is replaced when a file of its settings was.
 */
export type TlsPools<Pool> = Disposable & {
  /** The pool, after a look at the files. @throws TlsFileError */
  checked(settings: TlsSettings): Promise<Pool>;
  /**
   * The pool as it is known: the files are looked at beside, every few seconds. What was read last holds on while a file is
   * missing or broken. @throws TlsFileError when they could never be read
   */
  known(settings: TlsSettings): Promise<Pool>;
};

export type TlsPoolsOptions<Pool> = {
  open: (identity: TlsIdentity) => Pool;
  /** Closes what is idle; requests under way end by themselves. */
  retire: (pool: Pool) => void;
  /** Why the files cannot be used any more; undefined when they can again. Once for each change. */
  onProblem: (settings: TlsSettings, problem: string | undefined) => void;
  /** Default: a look at most every two seconds. */
  intervalMs?: number;
};

type Entry<Pool> = {
  pool: Pool | undefined;
  identity: TlsIdentity | undefined;
  problem: unknown;
  checkedAt: number;
  checking: Promise<void> | undefined;
};

/** Beyond it the settings that were not used for longest are forgotten. */
const MOST_POOLS = 1_000;
const INTERVAL_MS = 2_000;

/** No pool yet. */
export function createTlsPools<Pool>(options: TlsPoolsOptions<Pool>): TlsPools<Pool> {
  const { open, retire, onProblem, intervalMs = INTERVAL_MS } = options;
  const entries = new Map<string, Entry<Pool>>();

  const read = async (settings: TlsSettings, entry: Entry<Pool>) => {
    const before = whyOf(entry.problem);
    try {
      const identity = await readTlsIdentity(settings, entry.identity);
      if (identity !== entry.identity) {
        const old = entry.pool;
        entry.pool = open(identity);
        entry.identity = identity;
        if (old !== undefined) retire(old);
      }
      entry.problem = undefined;
    } catch (error) {
      entry.problem = error;
    }
    entry.checkedAt = performance.now();
    entry.checking = undefined;
    const now = whyOf(entry.problem);
    if (now !== before) onProblem(settings, now);
  };
  const check = (settings: TlsSettings, entry: Entry<Pool>) => {
    entry.checking ??= read(settings, entry);
    return entry.checking;
  };
  const entryOf = (settings: TlsSettings) => {
    const key = keyOf(settings);
    const entry = entries.get(key) ?? {
      pool: undefined,
      identity: undefined,
      problem: undefined,
      checkedAt: Number.NEGATIVE_INFINITY,
      checking: undefined,
    };
    // The last one used is the last to be forgotten.
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > MOST_POOLS) forgetOldest();
    return entry;
  };
  const forgetOldest = () => {
    const [oldest] = entries;
    if (oldest === undefined) return;
    const [key, { pool }] = oldest;
    entries.delete(key);
    if (pool !== undefined) retire(pool);
  };
  return {
    checked: async (settings) => {
      const entry = entryOf(settings);
      await check(settings, entry);
      if (entry.problem !== undefined || entry.pool === undefined) throw entry.problem;
      return entry.pool;
    },
    known: async (settings) => {
      const entry = entryOf(settings);
      const isDue = performance.now() - entry.checkedAt >= intervalMs;
      // A check that is under way is the same for all.
      const checking = isDue || entry.checking !== undefined ? check(settings, entry) : undefined;
      if (entry.pool === undefined) await checking;
      if (entry.pool === undefined) throw entry.problem;
      return entry.pool;
    },
    [Symbol.dispose]: () => {
      for (const { pool } of entries.values()) if (pool !== undefined) retire(pool);
      entries.clear();
    },
  };
}

function keyOf({ caFile, certFile, keyFile, serverName }: TlsSettings): string {
  return JSON.stringify([caFile, certFile, keyFile, serverName]);
}

function whyOf(problem: unknown): string | undefined {
  if (problem === undefined) return undefined;
  return problem instanceof TlsFileError ? problem.why : (problem as Error).message;
}

/** Logs why the files of a backend cannot be used, and that they can again. */
export function logTlsProblems(
  logger: Pick<Logger, 'info' | 'warn'>,
): (settings: TlsSettings, problem: string | undefined) => void {
  return ({ caFile, certFile }, problem) => {
    if (problem === undefined) logger.info('the TLS files of a backend can be read again', { caFile, certFile });
    else logger.warn('the TLS files of a backend cannot be read', { caFile, certFile, error: problem });
  };
}
