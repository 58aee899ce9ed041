import type { Waiter } from '../state/waiter.ts';
import type { Limits } from './limits.ts';

/** Why whoever sent a query may not use a group, as a sentence for them; undefined when they may. */
export function whyMayNotUse(
  limits: Pick<Limits, 'whyNotAllowed'>,
  groupId: string,
  { user, source, asker }: Pick<Waiter, 'user' | 'source' | 'asker'>,
): string | undefined {
  return limits.whyNotAllowed(groupId, asker ?? { user, source });
}
