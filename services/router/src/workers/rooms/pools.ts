import type { Bounds } from '../../limits/bounds.ts';
import { createPool, type Pool } from './pool.ts';

/** What limits give to all workers together: requests of clients, requests at backends, and bytes of what clients send. */
export const POOLS = ['clients', 'backends', 'bytes'] as const;
export type PoolName = (typeof POOLS)[number];

/** The pools themselves. */
export type Pools = Readonly<Record<PoolName, Pool>> & {
  /** A worker has ended. */
  left(worker: number): void;
  /** From now on these limits hold. */
  resize(bounds: Bounds): void;
};

type Options = {
  bounds: Bounds;
  /** How many workers serve. */
  workers: () => number;
  /** Asks all workers but one for what they do not use; resolves when they have returned it. */
  collect: (pool: PoolName, owner: string | undefined, except: number) => Promise<void>;
};

/** All is free. */
export function createPools({ bounds, workers, collect }: Options): Pools {
  const poolOf = (pool: PoolName): Pool => {
    const [most, mostEach] = limitsOf(bounds)[pool];
    return createPool({ most, mostEach, takers: workers, collect: (owner, except) => collect(pool, owner, except) });
  };
  const pools = { clients: poolOf('clients'), backends: poolOf('backends'), bytes: poolOf('bytes') };
  return {
    ...pools,
    left: (worker) => {
      for (const pool of POOLS) pools[pool].left(worker);
    },
    resize: (next) => {
      for (const pool of POOLS) pools[pool].resize(...limitsOf(next)[pool]);
    },
  };
}

/** In all, and of each client or backend. */
function limitsOf(bounds: Bounds): Record<PoolName, [most: number, mostEach: number]> {
  return {
    clients: [bounds.requests, bounds.requestsPerClient],
    backends: [bounds.requests, bounds.requestsPerBackend],
    bytes: [bounds.bytes, bounds.bytesPerClient],
  };
}
