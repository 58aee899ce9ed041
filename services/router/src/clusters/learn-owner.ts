import { coordinatorSuffix } from '@trino-gateway/trino';
import type { RoadContext } from '../dispatch/context.ts';
import type { Owner } from '../stickiness/ownership.ts';

/**
 * A coordinator answered a submission with this id: whose it is is known to all before the client has the id. False when it
 * is another backend's, as the monitor saw it there, or no id a cluster gives: nobody must get this answer, or polls would
 * go where they do not belong, with their credentials. `askedAt`: when it was submitted, epoch milliseconds.
 */
export async function learnOwner(
  { ownership, forwarding, misses, link, logger, onContradiction }: RoadContext,
  queryId: string,
  owner: Owner,
  askedAt: number,
): Promise<boolean> {
  const suffix = coordinatorSuffix(queryId);
  if (suffix === undefined) return false;
  const refuse = (holder: string | undefined) => {
    const fields = { backend: owner.backendId, holder, suffix };
    logger.error('a backend answers with query ids of another one: the answer is refused', fields);
    onContradiction(owner.backendId);
    return false;
  };
  const holder = ownership.otherHolder(queryId, owner);
  if (holder !== undefined) return refuse(holder);
  if (!ownership.learn(queryId, owner)) return true;
  forwarding.forget(owner.url, askedAt);
  misses.clear();
  return (await link.recordIncarnation({ suffix, ...owner })) || refuse(undefined);
}
