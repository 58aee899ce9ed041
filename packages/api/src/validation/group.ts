import {
  type Group,
  type Group_Affinity,
  Group_Affinity_By,
  Group_Affinity_BySchema,
  type Group_Allowed,
  Group_Queue_WhenUnavailableSchema,
  Group_Strategy,
  Group_StrategySchema,
} from '../gen/trinogateway/v1/gateway_pb.ts';
import { patternProblem } from '../patterns/index.ts';
import {
  check,
  countProblem,
  enumProblem,
  headerTextProblem,
  idProblem,
  type Problem,
  quote,
  setProblem,
} from '../problem.ts';
import { autoscalingProblems } from './autoscaling.ts';

const MOST_USERS = 1_000;
const MOST_PATTERNS = 100;
/** Of many bad ones in a list, the first are named. */
const NAMED = 5;
const MOST_LOAD_FACTOR = 1_000;
/** `name` or `catalog.name`, without what separates properties in the header. */
const SESSION_PROPERTY = /^[^\s.,=]{1,128}(\.[^\s.,=]{1,128})?$/;

/** All that is wrong with a group by itself; whether its members exist is for the caller to know. */
export function groupProblems(group: Group): Problem[] {
  return [
    ...idProblem('id', group.id),
    ...check(
      group.backendIds.length > 0 || group.membersByDiscovery,
      'backend_ids',
      'expected at least one backend, unless members_by_discovery',
    ),
    ...setProblem(group.appliedSet),
    ...check(group.backendIds.length <= 10_000, 'backend_ids', 'expected at most 10000 backends'),
    ...check(new Set(group.backendIds).size === group.backendIds.length, 'backend_ids', 'expected each backend once'),
    ...group.backendIds.flatMap((id) => idProblem('backend_ids', id)).slice(0, NAMED),
    ...enumProblem('strategy', Group_StrategySchema, group.strategy),
    ...countProblem('max_running_queries_per_backend', group.maxRunningQueriesPerBackend),
    ...(group.queue ? queueProblems(group.queue) : []),
    ...spillOverProblems(group),
    ...(group.allowed ? allowedProblems(group.allowed) : []),
    ...(group.affinity ? affinityProblems(group.affinity, group.strategy) : []),
    ...(group.autoscaling ? autoscalingProblems(group.autoscaling, group.backendIds.length) : []),
  ];
}

function queueProblems(queue: NonNullable<Group['queue']>): Problem[] {
  return [
    ...countProblem('queue.max_queued', queue.maxQueued),
    ...countProblem('queue.max_wait_ms', queue.maxWaitMs),
    ...countProblem('queue.outage_wait_ms', queue.outageWaitMs ?? 0),
    ...countProblem('queue.per_user_max_running', queue.perUserMaxRunning),
    ...countProblem('queue.per_user_max_queued', queue.perUserMaxQueued),
    ...enumProblem('queue.when_unavailable', Group_Queue_WhenUnavailableSchema, queue.whenUnavailable),
  ];
}

function spillOverProblems({ id, spillOverGroupId, spillOverAfterMs }: Group): Problem[] {
  return [
    ...(spillOverGroupId === '' ? [] : idProblem('spill_over_group_id', spillOverGroupId)),
    ...check(
      spillOverGroupId === '' || spillOverGroupId !== id,
      'spill_over_group_id',
      'expected another group than this one',
    ),
    ...check(
      Number.isInteger(spillOverAfterMs) && spillOverAfterMs >= 0,
      'spill_over_after_ms',
      `expected 0 (at once) or more, got ${spillOverAfterMs}`,
    ),
    ...check(
      spillOverAfterMs === 0 || spillOverGroupId !== '',
      'spill_over_after_ms',
      'expected only with spill_over_group_id',
    ),
  ];
}

function allowedProblems({ users, userPatterns, sourcePatterns }: Group_Allowed): Problem[] {
  return [
    ...check(
      users.length + userPatterns.length + sourcePatterns.length > 0,
      'allowed',
      'expected users, user_patterns or source_patterns; absent means everybody',
    ),
    ...check(users.length <= MOST_USERS, 'allowed.users', `expected at most ${MOST_USERS}, got ${users.length}`),
    ...users.flatMap((user, at) => userProblems(`allowed.users[${at}]`, user)).slice(0, NAMED),
    ...patternProblems('allowed.user_patterns', userPatterns),
    ...patternProblems('allowed.source_patterns', sourcePatterns),
  ];
}

/** Longer names of those who wait are cut. */
const LONGEST_USER = 256;

function userProblems(field: string, user: string): Problem[] {
  return [
    ...headerTextProblem(field, user),
    ...check(user.length <= LONGEST_USER, field, `expected at most ${LONGEST_USER} characters, got ${user.length}`),
    ...check(
      user !== '' && user.trim() === user,
      field,
      `expected a name without blanks around it, got ${quote(user)}`,
    ),
  ];
}

function patternProblems(field: string, patterns: readonly string[]): Problem[] {
  const wrong = patterns.slice(0, MOST_PATTERNS).flatMap((pattern, at) => {
    const message = patternProblem(pattern);
    return message === undefined ? [] : [{ field: `${field}[${at}]`, message }];
  });
  const { length } = patterns;
  return [
    ...check(length <= MOST_PATTERNS, field, `expected at most ${MOST_PATTERNS}, got ${length}`),
    ...wrong.slice(0, NAMED),
  ];
}

function affinityProblems({ by, sessionProperty, loadFactor }: Group_Affinity, strategy: Group_Strategy): Problem[] {
  const isByProperty = by === Group_Affinity_By.SESSION_PROPERTY;
  return [
    ...check(strategy === Group_Strategy.AFFINITY, 'affinity', 'expected only with the strategy AFFINITY'),
    ...enumProblem('affinity.by', Group_Affinity_BySchema, by),
    ...check(
      isByProperty ? SESSION_PROPERTY.test(sessionProperty) : sessionProperty === '',
      'affinity.session_property',
      isByProperty
        ? `expected name or catalog.name, got ${quote(sessionProperty)}`
        : 'expected only with by: SESSION_PROPERTY',
    ),
    ...check(
      loadFactor === 0 || (loadFactor >= 1 && loadFactor <= MOST_LOAD_FACTOR),
      'affinity.load_factor',
      `expected 1 to ${MOST_LOAD_FACTOR}, or 0 (meaning 1.25), got ${loadFactor}`,
    ),
  ];
}
