import type { Policy } from '../gen/trinogateway/v1/gateway_pb.ts';
import { policyRules } from '../policy-rules/index.ts';
import { check, headerTextProblem, idProblem, type Problem, setProblem } from '../problem.ts';

/** All that is wrong with a policy by itself; whether its groups exist is for the caller to know. */
export function policyProblems(policy: Policy): Problem[] {
  return [
    ...idProblem('id', policy.id),
    ...policyRules.problems(policy.rule),
    ...setProblem(policy.appliedSet),
    ...idProblem('group_id', policy.groupId),
    ...(policy.fallbackGroupId === '' ? [] : idProblem('fallback_group_id', policy.fallbackGroupId)),
    ...check(
      !policy.authDelegated || policyRules.entryPoint(policy.rule) !== undefined,
      'auth_delegated',
      `expected only with a ${policyRules.entryPointFields.join(' or ')} rule`,
    ),
    ...headerTextProblem('request_source', policy.requestSource),
    ...check(
      Number.isInteger(policy.priority) && Math.abs(policy.priority) <= 1_000,
      'priority',
      `expected -1000 to 1000, got ${policy.priority}`,
    ),
  ];
}
