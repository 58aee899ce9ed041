import { Code, ConnectError } from '@connectrpc/connect';
import type { Group, GroupScaling } from '@trino-gateway/api/gateway';
import { checkedId, found } from '../../../configuration/validation.ts';
import { askDrains } from '../../../scaling/ask-drains.ts';
import { pictureOf } from '../../../scaling/picture.ts';
import { pictureSource } from '../../../scaling/picture-source.ts';
import type { RpcContext, Tables } from '../context.ts';

/** What the calls about autoscaling use. */
export type ScalingContext = Pick<
  RpcContext,
  'configuration' | 'drains' | 'ledger' | 'limits' | 'onScalingEvents' | 'now'
> &
  Tables<'scaling'>;

/** The groups with autoscaling, in the order of their ids. */
export function scaledGroups({ configuration }: Pick<ScalingContext, 'configuration'>): Group[] {
  const scaled = [...configuration.known.groups.values()].filter(({ autoscaling }) => autoscaling !== undefined);
  return scaled.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** @throws ConnectError NOT_FOUND, or FAILED_PRECONDITION where the group has no autoscaling */
export function requireScaled({ configuration }: Pick<ScalingContext, 'configuration'>, id: string): Group {
  const group = found('group', checkedId(id), configuration.known.groups.get(id));
  if (group.autoscaling) return group;
  throw new ConnectError(`group "${id}" has no autoscaling`, Code.FailedPrecondition);
}

/** Groups as they are now. While the database is away nobody leads, and what was last read is shown. */
export async function showGroups(context: ScalingContext, groups: readonly Group[]): Promise<GroupScaling[]> {
  const { store, configuration, drains, now } = context;
  const known = await store.scaling.leader().catch(() => ({ holder: '', now: new Date(now()) }));
  const tied = await askDrains(groups, configuration.known, drains);
  const source = pictureSource(context, { leader: known.holder, now: known.now.getTime(), drains: tied });
  return groups.map((group) => pictureOf(source, group));
}
