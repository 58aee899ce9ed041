import type { ConfigurationCache } from '../../configuration/configuration-cache.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Offers slots as soon as the configuration, or the state of a backend, changes: a limit was raised, a backend is back. */
export function wakeByConfiguration(
  configuration: Pick<ConfigurationCache, 'changed'>,
  ledger: Pick<Ledger, 'run' | 'state'>,
): AsyncDisposable {
  const stop = new AbortController();
  const loop = async () => {
    for (;;) {
      await configuration.changed(stop.signal);
      if (stop.signal.aborted) return;
      const isAnyQueued = ledger.state().queuedGroupIds()[Symbol.iterator]().next().done !== true;
      // If the database is away, the next upkeep offers them.
      if (isAnyQueued) await ledger.run(() => undefined).catch(() => undefined);
    }
  };
  const running = loop();
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return running;
    },
  };
}
