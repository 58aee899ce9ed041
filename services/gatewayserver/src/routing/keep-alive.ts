import { ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import { keepAliveKey } from '@trino-gateway/sql/literal-select';
import type { Outcome } from './outcome.ts';
import type { Snapshot } from './snapshot.ts';

const UP_OR_ON_ITS_WAY: ReadonlySet<State | undefined> = new Set([State.READY, State.UNHEALTHY, State.STARTING]);

/**
 * The outcome for a statement that only keeps a connection alive (Group.autoscaling.keep_alive_statements) and would wait in a
 * group without a cluster that is up or on its way: the gateway answers it, so that it starts none.
 */
export function withKeepAlive(
  outcome: Outcome,
  statement: string,
  snapshot: Pick<Snapshot, 'group' | 'facts'>,
): Outcome {
  if (outcome.kind !== 'waits' || outcome.outage) return outcome;
  const { groupId } = outcome;
  const members = snapshot.group(groupId)?.backendIds.flatMap((id) => snapshot.facts(id)?.scaling ?? []) ?? [];
  const own = members.filter((scaling) => scaling.groupId === groupId);
  const { keepAliveStatements = [] } = own[0]?.autoscaling ?? {};
  if (keepAliveStatements.length === 0 || own.some(({ cluster }) => UP_OR_ON_ITS_WAY.has(cluster?.state)))
    return outcome;
  const key = keepAliveKey(statement);
  return keepAliveStatements.some((one) => keepAliveKey(one) === key) ? { ...outcome, keepAlive: true } : outcome;
}
