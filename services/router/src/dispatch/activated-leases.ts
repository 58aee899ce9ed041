import { LRUCache } from 'lru-cache';
import type { GatewayLink } from '../control-plane/gateway-client.ts';

/** Which queries hold a slot, as far as this router knows. */
export type Activation = {
  /** A slot is held for this query, which only this link starts. */
  handedOut(trinoQueryId: string, firstLink: string | undefined): void;
  /** Whether its first link is known, and is another one: such a poll starts nothing. */
  isWrongSlug(trinoQueryId: string, slug: string): boolean;
  /** Its first poll may pass. */
  allowed(trinoQueryId: string): void;
  /** It has passed a moment ago. */
  isAllowed(trinoQueryId: string): boolean;
  /** Whether its first poll needs a slot, and its end frees one. */
  isLimited(trinoQueryId: string, backendIds: readonly string[]): boolean;
  /** Milliseconds since its first poll was turned away here. */
  waitedMs(trinoQueryId: string): number;
};

/** Beyond it the oldest is forgotten: who polls it a first time again is asked about again. */
const REMEMBERED = 50_000;
/** A first poll repeated later asks again: a slot of a query that its cluster does not know is taken back after half a minute. */
const ALLOWED_FOR_MS = 2_000;

/** Nothing known. */
export function createActivation({ link }: { link: Pick<GatewayLink, 'backends'> }): Activation {
  const known = new LRUCache<string, { allowedAt?: number; slug?: string | undefined }>({ max: REMEMBERED });
  const turnedAway = new LRUCache<string, number>({ max: REMEMBERED });
  return {
    handedOut: (id, firstLink) => void known.set(id, { slug: firstLink?.split('/').at(-2) }),
    isWrongSlug: (id, slug) => (known.get(id)?.slug ?? slug) !== slug,
    allowed: (id) => void known.set(id, { ...known.get(id), allowedAt: performance.now() }),
    isAllowed: (id) => performance.now() - (known.get(id)?.allowedAt ?? Number.NEGATIVE_INFINITY) < ALLOWED_FOR_MS,
    isLimited: (id, backendIds) =>
      known.has(id) || backendIds.some((backendId) => link.backends().get(backendId)?.limited === true),
    waitedMs: (id) => {
      const now = performance.now();
      const since = turnedAway.get(id) ?? now;
      turnedAway.set(id, since);
      return now - since;
    },
  };
}
