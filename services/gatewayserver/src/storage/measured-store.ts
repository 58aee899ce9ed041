import type { Store } from './contract/store.ts';

/** Called after each operation with its name, duration and whether it failed. */
export type StoreObserver = (operation: string, durationMs: number, failed: boolean) => void;

/** The same store, watched. */
export function measuredStore(store: Store, observe: StoreObserver): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || typeof name === 'symbol') return value;
      return async (...given: unknown[]) => {
        const began = performance.now();
        let failed = true;
        try {
          const answer: unknown = await Reflect.apply(value, target, given);
          failed = false;
          return answer;
        } finally {
          observe(name, performance.now() - began, failed);
        }
      };
    },
  });
}
