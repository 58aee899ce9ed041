import { createOutageLog, describeError, every, type Logger } from '@trino-gateway/runtime';
import type { StepTools } from '../routing/chain/step-tools.ts';
import type { Revisions } from '../storage/contract/revisions.ts';
import { createDerived, type Derived } from './derived.ts';
import { type Known, type KnownStore, nothingKnown, type Part, readStale } from './known.ts';

/** What is stored, and what follows from it, in memory. While the database is away the last state stays in force. */
export type ConfigurationCache = AsyncDisposable &
  Derived & {
    readonly known: Readonly<Known>;
    /** Puts what was just stored in force here, without waiting for the next refresh. */
    applyWrite(part: Part, change: (known: Known) => void): void;
    /** Reads what has changed since. @throws when the database is away */
    refresh(): Promise<void>;
    /** Of the configuration that was last read whole; undefined when a write of this process came after that. */
    configurationRevision(): number | undefined;
    /** When it was last read, as epoch milliseconds, once that is too long ago; undefined while the database answers. */
    staleSince(): number | undefined;
    /** Resolves at the next change, or when the signal is aborted. */
    changed(signal: AbortSignal): Promise<void>;
  };

type Options = {
  store: KnownStore;
  logger: Logger;
  loadMaxAgeMs: number;
  /** For the routing chain. */
  stepTools: StepTools;
  intervalMs?: number;
};

type Write = { part: Part; change: (known: Known) => void };

/** A read may take a while without being an outage. */
const STALE_AFTER_MS = 4_000;

/** Reads everything once, then checks every second whether another replica has changed something. */
export async function openConfigurationCache(options: Options): Promise<ConfigurationCache> {
  const { store, logger, loadMaxAgeMs, stepTools, intervalMs = 1_000 } = options;
  const known = nothingKnown();
  const inForce: Partial<Revisions> = {};
  const { derived, invalidate, chains } = createDerived(known, loadMaxAgeMs, stepTools);
  const changes = createChangeSignal();
  let readAt = Date.now();
  let reading: { done: Promise<void>; writes: Write[] } | undefined;
  const changedParts = (parts: ReadonlySet<Part>) => {
    if (parts.size === 0) return;
    invalidate(parts);
    changes.wake();
  };
  const read = async (writes: readonly Write[]) => {
    const stale = await readStale(store, known, inForce);
    readAt = Date.now();
    // What was read may lack a write made here meanwhile, or be newer than it: the write holds until that part is read again.
    for (const { part, change } of writes) {
      change(known);
      delete inForce[part];
    }
    changedParts(stale);
  };
  const refresh = () => {
    if (reading) return reading.done;
    const writes: Write[] = [];
    const done = read(writes).finally(() => {
      reading = undefined;
    });
    reading = { done, writes };
    return done;
  };
  await refresh();
  const loop = every(intervalMs, 'reading the configuration', logger, tellingOutages(refresh, logger));
  return {
    ...derived,
    known,
    applyWrite(part, change) {
      change(known);
      reading?.writes.push({ part, change });
      changedParts(new Set([part]));
    },
    refresh,
    configurationRevision: () => inForce.configuration,
    staleSince: () => (Date.now() - readAt > STALE_AFTER_MS + intervalMs ? readAt : undefined),
    changed: changes.next,
    [Symbol.asyncDispose]: async () => {
      await loop[Symbol.asyncDispose]();
      await chains[Symbol.asyncDispose]();
    },
  };
}

/** Logs when the database is away, and when it answers again. */
function tellingOutages(refresh: () => Promise<void>, logger: Logger): () => Promise<void> {
  const outage = createOutageLog({ logger, recovered: 'the database answers again' });
  return async () => {
    try {
      await refresh();
      outage.succeeded();
    } catch (error) {
      outage.failed('the database is away: decisions use the configuration that was last read', {
        error: describeError(error),
      });
    }
  };
}

function createChangeSignal(): { wake(): void; next(signal: AbortSignal): Promise<void> } {
  const waiters = new Set<() => void>();
  return {
    wake: () => {
      for (const wake of waiters) wake();
    },
    next: (signal) =>
      new Promise((resolve) => {
        const wake = () => {
          waiters.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiters.add(wake);
        signal.addEventListener('abort', wake);
        if (signal.aborted) wake();
      }),
  };
}
