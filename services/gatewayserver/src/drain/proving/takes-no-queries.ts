import { ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import type { Known } from '../../configuration/known.ts';

/** Whether a backend takes no new queries because somebody wants it so: its administrator, or autoscaling, which stops it. */
export function takesNoQueries(known: Pick<Known, 'backends' | 'clusterScaling'>, id: string): boolean {
  const stored = known.backends.get(id);
  if (stored === undefined) return false;
  const state = known.clusterScaling.get(id)?.cluster.state;
  const isStopped = state === State.DRAINING || state === State.TERMINATING;
  return isStopped || stored.draining || stored.backend.enabled === false;
}
