import { ClusterScaling_State, type Group } from '@trino-gateway/api/gateway';
import type { Known } from '../configuration/known.ts';
import type { Drains } from '../drain/proving/drains.ts';
import type { PictureSource } from './picture.ts';

/** What ties the clusters of these groups that drain now. Nothing is sealed for that. */
export async function askDrains(
  groups: readonly Group[],
  { clusterScaling }: Pick<Known, 'clusterScaling'>,
  drains: Pick<Drains, 'status'>,
): Promise<PictureSource['drains']> {
  const draining = groups
    .flatMap(({ backendIds }) => backendIds)
    .filter((id) => clusterScaling.get(id)?.cluster.state === ClusterScaling_State.DRAINING);
  const asked = await Promise.all(draining.map(async (id) => [id, await drains.status(id)] as const));
  return new Map(asked.flatMap(([id, status]) => (status ? [[id, status] as const] : [])));
}
