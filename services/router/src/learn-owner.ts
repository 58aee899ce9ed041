import { querySuffix } from '@trino-gateway/trino';
import type { RoadContext } from './context.ts';
import type { Owner } from './ownership.ts';

/**
 * A coordinator answered a submission with this id: whose it is is known to all before the client has the id. `askedAt`:
 * when it was submitted, epoch milliseconds.
 */
export async function learnOwner(context: RoadContext, queryId: string, owner: Owner, askedAt: number): Promise<void> {
  if (!context.ownership.learn(queryId, owner)) return;
  context.forwarding.forget(owner.url, askedAt);
  context.misses.clear();
  await context.link.recordIncarnation({ suffix: querySuffix(queryId) ?? '', ...owner });
}
