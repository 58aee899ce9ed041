import type { ConfigurationCache } from '../../configuration/configuration-cache.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Gives turns as soon as the configuration, or what is known of the backends, changes: a limit was raised, a backend is back. */
export function wakeByConfiguration(
  configuration: Pick<ConfigurationCache, 'changed'>,
  ledger: Pick<Ledger, 'run' | 'state'>,
): AsyncDisposable {
  const stop = new AbortController();
  const loop = async () => {
    for (;;) {
      await configuration.changed(stop.signal);
      if (stop.signal.aborted) return;
      const isAnybodyThere = ledger.state().queuedGroupIds()[Symbol.iterator]().next().done !== true;
      // The database may be away: then the next look at what time ends gives the turns.
      if (isAnybodyThere) await ledger.run(() => undefined).catch(() => undefined);
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
