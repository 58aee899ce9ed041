import type { Logger } from '@trino-gateway/runtime';
import { coordinatorSuffix } from '@trino-gateway/trino';
import type { Coordinator, Incarnation } from '../stickiness/coordinator.ts';
import type { Ownership } from '../stickiness/ownership.ts';
import type { UnknownLinks } from '../stickiness/unknown-links.ts';
import type { LinkModes } from './link-mode.ts';

export type LearnOwnerDeps = {
  ownership: Pick<Ownership, 'otherHolder' | 'learn'>;
  linkModes: Pick<LinkModes, 'forget'>;
  unknownLinks: Pick<UnknownLinks, 'clear'>;
  gateway: { recordIncarnation(incarnation: Incarnation): Promise<boolean> };
  logger: Logger;
  /** Called when a backend claims query ids of another one. */
  onContradiction: (backendId: string) => void;
};

/**
 * A coordinator answered a submission with this id: its suffix is recorded for all routers before the client has the id. False
 * when the monitor saw that suffix at another backend, or it is no id a cluster gives: the client must not get this answer, or its
 * polls would go, with its credentials, where they do not belong. `askedAt`: when it was submitted, epoch milliseconds.
 */
export async function learnOwner(
  { ownership, linkModes, unknownLinks, gateway, logger, onContradiction }: LearnOwnerDeps,
  queryId: string,
  coordinator: Coordinator,
  askedAt: number,
): Promise<boolean> {
  const suffix = coordinatorSuffix(queryId);
  if (suffix === undefined) return false;
  const refuse = (holder: string | undefined) => {
    const fields = { backend: coordinator.backendId, holder, suffix };
    logger.error('a backend answers with query ids of another one: the answer is refused', fields);
    onContradiction(coordinator.backendId);
    return false;
  };
  const holder = ownership.otherHolder(queryId, coordinator);
  if (holder !== undefined) return refuse(holder);
  if (!ownership.learn(queryId, coordinator)) return true;
  linkModes.forget(coordinator.url, askedAt);
  unknownLinks.clear();
  return (await gateway.recordIncarnation({ suffix, ...coordinator })) || refuse(undefined);
}
