import type { Logger } from '@trino-gateway/runtime';
import { coordinatorSuffix } from '@trino-gateway/trino';
import type { Life, Owner, Ownership } from '../stickiness/ownership.ts';
import type { UnknownLinks } from '../stickiness/unknown-links.ts';
import type { Forwarding } from './link-mode.ts';

type Deps = {
  ownership: Ownership;
  forwarding: Forwarding;
  misses: Pick<UnknownLinks, 'clear'>;
  link: { recordIncarnation(life: Life): Promise<boolean> };
  logger: Logger;
  /** Called when a backend claims query ids of another one. */
  onContradiction: (backendId: string) => void;
};

/**
 * A coordinator answered a submission with this id: whose it is is known to all before the client has the id. False when it
 * is another backend's, as the monitor saw it there, or no id a cluster gives: nobody must get this answer, or polls would
 * go where they do not belong, with their credentials. `askedAt`: when it was submitted, epoch milliseconds.
 */
export async function learnOwner(
  { ownership, forwarding, misses, link, logger, onContradiction }: Deps,
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
