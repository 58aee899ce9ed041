import {
  type ClusterScaling,
  Backend_Scaler_State as Said,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import type { ScalerAction } from './decision.ts';
import { type Draft, elapsed } from './draft.ts';
import { mayBeStopped } from './observe.ts';

/** A scaler that says the contrary for so long has forgotten what it was told. */
const FORGOTTEN_MS = 30_000;

/** What the scaler of a cluster is to be told, if anything: only what it was not told, or seems to have forgotten. */
export function actionOf(draft: Draft, cluster: ClusterScaling): ScalerAction[] {
  const { backendId, reason, observed, scalable } = cluster;
  if (!scalable) return [];
  if (cluster.state === State.STARTING && isDue(draft, cluster, [Said.STOPPED, Said.STOPPING]))
    return [{ backendId, tell: 'START', reason }];
  const mayStop = cluster.state === State.TERMINATING && mayBeStopped(cluster);
  if (mayStop && observed !== Said.STOPPED && isDue(draft, cluster, [Said.RUNNING, Said.STARTING]))
    return [{ backendId, tell: 'STOP', reason }];
  return [];
}

function isDue(draft: Draft, cluster: ClusterScaling, contraries: readonly Said[]): boolean {
  const saysTheContrary = contraries.includes(cluster.observed);
  const told = elapsed(draft, cluster.toldAt);
  if (told === undefined) return saysTheContrary || cluster.observed === Said.STATE_UNSPECIFIED;
  return saysTheContrary && told >= FORGOTTEN_MS;
}
