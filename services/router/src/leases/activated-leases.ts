import { LRUCache } from 'lru-cache';
import type { GatewayClient } from '../control-plane/gateway-client.ts';

/** Which queries hold a lease, and which leases a first poll has activated, as far as this router knows. */
export type ActivatedLeases = {
  /** This query holds a confirmed lease; only its first link starts it. */
  confirmed(trinoQueryId: string, firstLink: string | undefined): void;
  /** Whether the first link is known, and is another one: such a poll starts nothing. */
  isWrongSlug(trinoQueryId: string, slug: string): boolean;
  /** Whether this is its first link beyond doubt, and had no slot a moment ago: then it has not begun. */
  wasTurnedAway(trinoQueryId: string, slug: string): boolean;
  /** The lease is activated: the first poll may pass. */
  activated(trinoQueryId: string): void;
  /** The lease was activated a moment ago. */
  isActivated(trinoQueryId: string): boolean;
  /** Whether the first poll needs a lease, and the end of the query frees one. */
  isLimited(trinoQueryId: string, backendIds: readonly string[]): boolean;
  /** A first poll is turned away: milliseconds since the first time it was here. */
  turnAway(trinoQueryId: string): number;
  /** The query waited so long before its cluster had it, in milliseconds. */
  waitedBefore(trinoQueryId: string, waitedMs: number): void;
  /** For how long it did; 0 when it did not, or was not polled here before. */
  waitBefore(trinoQueryId: string): number;
};

/** Beyond it the oldest is forgotten: the gatewayserver is asked again at its next first poll. */
const REMEMBERED = 50_000;
/** A first poll repeated later asks again: the lease of a query that its cluster does not know expires after half a minute. */
const ACTIVATED_FOR_MS = 2_000;

/** Longer than a client pauses whose slot is kept for it. */
const TURNED_AWAY_FOR_MS = 60_000;

/** Knows of no lease. */
export function createActivatedLeases(gateway: Pick<GatewayClient, 'backends'>): ActivatedLeases {
  const known = new LRUCache<string, { activatedAt?: number; slug?: string | undefined }>({ max: REMEMBERED });
  const turnedAway = new LRUCache<string, { since: number; lastAt: number }>({ max: REMEMBERED });
  const waits = new LRUCache<string, number>({ max: REMEMBERED });
  return {
    confirmed: (id, firstLink) => void known.set(id, { slug: firstLink?.split('/').at(-2) }),
    wasTurnedAway: (id, slug) => {
      const { lastAt = Number.NEGATIVE_INFINITY } = turnedAway.get(id) ?? {};
      return known.get(id)?.slug === slug && performance.now() - lastAt < TURNED_AWAY_FOR_MS;
    },
    isWrongSlug: (id, slug) => (known.get(id)?.slug ?? slug) !== slug,
    activated: (id) => void known.set(id, { ...known.get(id), activatedAt: performance.now() }),
    isActivated: (id) =>
      performance.now() - (known.get(id)?.activatedAt ?? Number.NEGATIVE_INFINITY) < ACTIVATED_FOR_MS,
    isLimited: (id, backendIds) =>
      known.has(id) || backendIds.some((backendId) => gateway.backends().get(backendId)?.limited === true),
    turnAway: (id) => {
      const now = performance.now();
      const { since } = turnedAway.get(id) ?? { since: now };
      turnedAway.set(id, { since, lastAt: now });
      return now - since;
    },
    waitedBefore: (id, waitedMs) => void waits.set(id, waitedMs),
    waitBefore: (id) => (waits.size === 0 ? 0 : (waits.get(id) ?? 0)),
  };
}
