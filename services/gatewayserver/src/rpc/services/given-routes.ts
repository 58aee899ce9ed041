import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Backend, type RouteResponse, RouteResponseSchema } from '@trino-gateway/api/gateway';
import type { Routed } from '../../decisions/take-slot.ts';
import { writtenOnce } from '../transport/written-once.ts';

/** Beyond it all are forgotten: what a rule or a strategy says of each user or statement is not said twice. */
const MOST = 1_000;

type Given = { backend: Backend; response: RouteResponse };

/**
 * The responses to Route, those that choose a backend remembered by all that they say: most queries get one of few, which is then
 * neither built nor written anew.
 * @param isLimited whether queries of this backend may hold leases, which routers are told of it
 */
export function rememberRoutes(
  responseTo: (routed: Routed) => MessageInitShape<typeof RouteResponseSchema>,
  isLimited: (backendId: string) => boolean,
): (routed: Routed) => MessageInitShape<typeof RouteResponseSchema> {
  const given = new Map<string, Given>();
  return (routed) => {
    const { outcome, leased, sealed, drainsRevision } = routed;
    if (outcome.kind !== 'chosen') return responseTo(routed);
    const { backend, ...said } = outcome;
    const key = JSON.stringify([backend.id, isLimited(backend.id), leased, sealed, drainsRevision, said]);
    const known = given.get(key);
    // Of another object the settings may be others.
    if (known?.backend === backend) return known.response;
    if (given.size >= MOST) given.clear();
    const response = writtenOnce(RouteResponseSchema, responseTo(routed));
    given.set(key, { backend, response });
    return response;
  };
}
