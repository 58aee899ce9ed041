import { type ClusterScaling, ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import type { Draft } from './draft.ts';

/** The clusters of a group that are in this state. */
export function clustersIn(draft: Draft, ...states: State[]): ClusterScaling[] {
  return draft.clusters.filter(({ state }) => states.includes(state));
}

/** Those that serve queries, or will: what minimum and demand count. */
export function serving(draft: Draft): ClusterScaling[] {
  return clustersIn(draft, State.READY, State.STARTING);
}

/** How many more may be up or on their way. */
export function room(draft: Draft): number {
  return draft.settings.maxClusters - clustersIn(draft, State.READY, State.STARTING, State.DRAINING).length;
}

/** Queries that may still start there; infinite where nothing limits them. */
export function freeSlots({ slots, running }: ClusterScaling): number {
  return slots === 0 ? Number.POSITIVE_INFINITY : Math.max(0, slots - running);
}

export function sum(clusters: readonly ClusterScaling[], of: (cluster: ClusterScaling) => number): number {
  return clusters.reduce((total, cluster) => total + of(cluster), 0);
}

/** All slots of some clusters; undefined when one of them has no known number. */
export function slotsOf(clusters: readonly ClusterScaling[]): number | undefined {
  return clusters.some(({ slots }) => slots === 0) ? undefined : sum(clusters, ({ slots }) => slots);
}
