import {
  type Group,
  Group_Queue_WhenUnavailableSchema,
  Group_StrategySchema,
} from '../gen/trinogateway/v1/gateway_pb.ts';
import { check, countProblem, enumProblem, idProblem, type Problem } from '../problem.ts';

/** All that is wrong with a group by itself; whether its members exist is for the caller to know. */
export function groupProblems(group: Group): Problem[] {
  return [
    ...idProblem('id', group.id),
    ...check(group.backendIds.length > 0, 'backend_ids', 'expected at least one backend'),
    ...check(group.backendIds.length <= 10_000, 'backend_ids', 'expected at most 10000 backends'),
    ...check(new Set(group.backendIds).size === group.backendIds.length, 'backend_ids', 'expected each backend once'),
    ...group.backendIds.flatMap((id) => idProblem('backend_ids', id)).slice(0, 5),
    ...enumProblem('strategy', Group_StrategySchema, group.strategy),
    ...countProblem('max_running_queries_per_backend', group.maxRunningQueriesPerBackend),
    ...(group.queue ? queueProblems(group.queue) : []),
  ];
}

function queueProblems(queue: NonNullable<Group['queue']>): Problem[] {
  return [
    ...countProblem('queue.max_queued', queue.maxQueued),
    ...countProblem('queue.max_wait_ms', queue.maxWaitMs),
    ...countProblem('queue.per_user_max_running', queue.perUserMaxRunning),
    ...countProblem('queue.per_user_max_queued', queue.perUserMaxQueued),
    ...enumProblem('queue.when_unavailable', Group_Queue_WhenUnavailableSchema, queue.whenUnavailable),
  ];
}
