import type { Backend, BackendStatus } from '@trino-gateway/api/gateway';

/** Incarnations to which nothing new is sent, by their suffix. */
export type Seals = ReadonlyMap<string, { url: string }>;

/**
 * Whether nothing new is sent to the incarnation that a backend has now. While nobody has seen which one that is, one that was sealed
 * at its url counts.
 */
export function isSealed(seals: Seals, { url }: Pick<Backend, 'url'>, status: BackendStatus | undefined): boolean {
  if (seals.size === 0) return false;
  const suffix = status?.coordinatorId ?? '';
  return suffix === '' ? seals.values().some((seal) => seal.url === url) : seals.has(suffix);
}
