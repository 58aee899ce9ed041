import { coveredWindows, dailyWindowProblems } from '@trino-gateway/schedule';
import { literalSelect } from '@trino-gateway/sql/literal-select';
import type { Group, Group_Autoscaling, Group_Autoscaling_MinClusters } from '../gen/trinogateway/v1/gateway_pb.ts';
import { check, type Problem, quote } from '../problem.ts';

const MOST_QUEUED = 1_000_000;
const MOST_CLUSTERS = 10_000;
const DAY_MS = 86_400_000;
const MOST_WINDOWS = 100;
const MOST_WEEKDAYS = 7;
const MOST_STATEMENTS = 20;
const STATEMENT_LENGTH = 10_000;
/** All that is wrong with the autoscaling of a group by itself, with fields below `autoscaling`. */
export function autoscalingProblems(asked: Group_Autoscaling, clusters: number): Problem[] {
  const percent = asked.scaleDownUtilizationPercent;
  return [
    ...numberProblems('scale_up_queued', asked.scaleUpQueued, MOST_QUEUED),
    ...numberProblems('scale_up_wait_ms', asked.scaleUpWaitMs, DAY_MS),
    ...numberProblems('scale_down_utilization_percent', percent, 100),
    ...numberProblems('drain_idle_ms', asked.drainIdleMs, DAY_MS),
    ...numberProblems('cool_down_ms', asked.coolDownMs, DAY_MS),
    ...numberProblems('start_timeout_ms', asked.startTimeoutMs, DAY_MS),
    ...numberProblems('max_clusters', asked.maxClusters, MOST_CLUSTERS),
    ...numberProblems('settle_ms', asked.settleMs, DAY_MS),
    ...numberProblems('slow_start_ms', asked.slowStartMs, DAY_MS),
    ...windowsProblems(asked, clusters),
    ...statementsProblems('warm_up_statements', asked.warmUpStatements, (text) =>
      text.trim() !== '' && text.length <= STATEMENT_LENGTH
        ? ''
        : `expected a statement of up to ${STATEMENT_LENGTH} characters, got ${text.length}`,
    ),
    ...statementsProblems('keep_alive_statements', asked.keepAliveStatements, (text) =>
      literalSelect(text)
        ? ''
        : `expected a SELECT of one literal (a whole number, a text, TRUE, FALSE or NULL), such as SELECT 1, got ${quote(text)}`,
    ),
  ].map(({ field, message }) => ({ field: `autoscaling.${field}`, message }));
}

function numberProblems(field: string, value: number, most: number): Problem[] {
  return check(Number.isInteger(value) && value >= 0 && value <= most, field, `expected 0 to ${most}, got ${value}`);
}

function windowsProblems({ minClusters, maxClusters }: Group_Autoscaling, clusters: number): Problem[] {
  const { length } = minClusters;
  const problems = [
    ...check(length <= MOST_WINDOWS, 'min_clusters', `expected at most ${MOST_WINDOWS} windows, got ${length}`),
    ...minClusters.slice(0, MOST_WINDOWS).flatMap((window, at) => windowProblems(window, at, maxClusters, clusters)),
  ];
  if (problems.length > 0) return problems;
  return coveredWindows(minClusters).map((at) => ({
    field: `min_clusters[${at}]`,
    message: 'expected a window that holds at some time: those after it cover all of it, and the last one counts',
  }));
}

function windowProblems(
  window: Group_Autoscaling_MinClusters,
  at: number,
  maxClusters: number,
  clusters: number,
): Problem[] {
  const { min, weekdays } = window;
  return [
    ...check(weekdays.length <= MOST_WEEKDAYS, 'weekdays', `expected at most ${MOST_WEEKDAYS}, got ${weekdays.length}`),
    ...dailyWindowProblems({ ...window, weekdays: weekdays.slice(0, MOST_WEEKDAYS) }),
    ...(Number.isInteger(min) && min >= 0 && min <= clusters
      ? check(
          maxClusters <= 0 || min <= maxClusters,
          'min',
          `expected at most max_clusters, ${maxClusters}, got ${min}`,
        )
      : [{ field: 'min', message: `expected 0 to ${clusters}, the number of backend_ids, got ${min}` }]),
  ].map(({ field, message }) => ({ field: `min_clusters[${at}].${field}`, message }));
}

function statementsProblems(
  field: string,
  statements: readonly string[],
  problemOf: (text: string) => string,
): Problem[] {
  const { length } = statements;
  return [
    ...check(length <= MOST_STATEMENTS, field, `expected at most ${MOST_STATEMENTS} statements, got ${length}`),
    ...statements.slice(0, MOST_STATEMENTS).flatMap((text, at) => {
      const message = problemOf(text);
      return message === '' ? [] : [{ field: `${field}[${at}]`, message }];
    }),
  ];
}

/** A backend may be in one group with autoscaling only: two would start and stop it in turn. `others` are all other groups. */
export function sharedClusterProblems(group: Group, others: readonly Group[]): Problem[] {
  if (!group.autoscaling) return [];
  const own = new Set(group.backendIds);
  return others.flatMap(({ id, autoscaling, backendIds }) => {
    const shared = autoscaling && id !== group.id ? backendIds.find((backendId) => own.has(backendId)) : undefined;
    if (shared === undefined) return [];
    const message = `expected backends that no other group with autoscaling has, got "${shared}", which is in "${id}"`;
    return [{ field: 'backend_ids', message }];
  });
}
