import { LRUCache } from 'lru-cache';
import { ownerOfAddress } from './shares.ts';

/** Bounds what is inflated for clients that are not authenticated: a few hundred bytes of theirs may become megabytes. */
export type InflationBudget = {
  /** Whether so many bytes may be inflated for this client now; if so, they are counted. */
  take(ip: string, bytes: number): boolean;
};

type Bucket = { left: number; atMs: number };

/** Inflating and reading a megabyte takes some ten milliseconds of the event loop. */
const PER_SECOND = { client: 4_000_000, all: 16_000_000 };
/** The largest request head, two megabytes whose escapes count fourfold, always fits. */
const BURST = { client: 10_000_000, all: 16_000_000 };
const REMEMBERED = 10_000;

export function createInflationBudget(now: () => number = () => performance.now()): InflationBudget {
  const clients = new LRUCache<string, Bucket>({ max: REMEMBERED });
  const all: Bucket = { left: BURST.all, atMs: now() };
  const filled = (bucket: Bucket, of: 'client' | 'all'): number => {
    const atMs = now();
    bucket.left = Math.min(BURST[of], bucket.left + ((atMs - bucket.atMs) * PER_SECOND[of]) / 1_000);
    bucket.atMs = atMs;
    return bucket.left;
  };
  return {
    take: (ip, bytes) => {
      const owner = ownerOfAddress(ip);
      const own = clients.get(owner) ?? { left: BURST.client, atMs: now() };
      clients.set(owner, own);
      if (filled(own, 'client') < bytes || filled(all, 'all') < bytes) return false;
      own.left -= bytes;
      all.left -= bytes;
      return true;
    },
  };
}
