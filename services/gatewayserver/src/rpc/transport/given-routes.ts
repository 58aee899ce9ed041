import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Backend, type RouteResponse, RouteResponseSchema } from '@trino-gateway/api/gateway';
import { writtenOnce } from './written-once.ts';

/** Beyond it all are forgotten: what a rule or a strategy says of each user or statement is not said twice. */
const MOST = 1_000;

/** What was decided: of an outcome that chose a backend, with that. */
type Routed = { outcome: object; leased: boolean; sealed?: boolean; drainsRevision?: number };

type Given = { backend: Backend; response: RouteResponse };

/**
 * The responses to Route, those that choose a backend remembered by all that they say: most queries get one of few, which is then
 * neither built nor written anew.
 * @param isLimited whether queries of this backend may hold leases, which routers are told of it
 */
export function rememberRoutes<Decided extends Routed>(
  responseTo: (routed: Decided) => MessageInitShape<typeof RouteResponseSchema>,
  isLimited: (backendId: string) => boolean,
): (routed: Decided) => MessageInitShape<typeof RouteResponseSchema> {
  const given = new Map<string, Given>();
  return (routed) => {
    const { outcome, leased, sealed, drainsRevision } = routed;
    const { backend, ...said } = outcome as { backend?: Backend };
    if (backend === undefined) return responseTo(routed);
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
