import { type RoutingRule, RoutingRule_ShareBy as ShareBy } from '@trino-gateway/api/gateway';
import { readSchedule } from '@trino-gateway/schedule';
import type { QueryEffects } from '../../chain/opinion.ts';
import type { RoutedQuery } from '../../chain/routed-query.ts';
import type { Work } from '../../expressions/evaluation.ts';
import { hashOf } from '../../strategies/hash.ts';
import { readCondition } from './conditions.ts';
import { namesOfStatements, type RuleFacts } from './rule-facts.ts';

/** What a matching rule decides: a group, one backend, a refusal, or nothing. */
export type RuleResult =
  | { kind: 'group'; groupId: string }
  | { kind: 'backend'; backendId: string }
  | { kind: 'refusal'; message: string }
  | { kind: 'none' };

/** A rule, ready to be asked. */
export type CompiledRule = {
  id: string;
  observes: boolean;
  result: RuleResult;
  effects: QueryEffects;
  /** What it does, or would do, in words. */
  text: string;
  /** @throws EvaluationError when its condition has no answer for this query */
  matches(facts: RuleFacts, work: Work, chance: number): boolean;
};

/** @throws Error naming the rule */
export function compileRule(rule: RoutingRule): CompiledRule {
  const condition = conditionOf(rule);
  const schedule = rule.schedule === '' ? undefined : readSchedule(rule.schedule, rule.timeZone);
  const result = resultOf(rule);
  const effects = effectsOf(rule);
  return {
    id: rule.id,
    observes: rule.observe,
    result,
    effects,
    text: textOf(result, effects),
    matches: (facts, work, chance) =>
      schedule?.isUp(facts.query.now) !== false && condition.holds(facts, work) && isInShare(rule, facts.query, chance),
  };
}

function conditionOf({ id, when }: RoutingRule) {
  try {
    return readCondition(when);
  } catch (error) {
    throw new Error(`rule ${id}: ${(error as Error).message}`);
  }
}

/** Whether a rule asks for the names of prepared statements, or for what a statement says, which may be one of them. */
export function needsPreparedStatements(rule: RoutingRule): boolean {
  if (rule.enabled === false) return false;
  try {
    const { names } = conditionOf(rule);
    return names.has('prepared') || !names.isDisjointFrom(namesOfStatements);
  } catch {
    return false;
  }
}

const BITS = 2 ** 32;

/** The same for all queries of a user, or drawn for each query: the same again for each of its attempts, on every replica. */
function isInShare({ id, share, shareBy }: RoutingRule, { user, submissionId }: RoutedQuery, chance: number): boolean {
  if (share === undefined) return true;
  if (shareBy !== ShareBy.QUERY) return hashOf(`${id}\n${user}`) / BITS < share;
  const drawn = submissionId === '' ? (chance + hashOf(id) / BITS) % 1 : hashOf(`${id}\n${submissionId}`) / BITS;
  return drawn < share;
}

function resultOf({ groupId, backendId, refuse }: RoutingRule): RuleResult {
  if (refuse !== '') return { kind: 'refusal', message: refuse };
  if (backendId !== '') return { kind: 'backend', backendId };
  return groupId === '' ? { kind: 'none' } : { kind: 'group', groupId };
}

function effectsOf({ priority, requestSource, addClientTags, sessionProperties, strict }: RoutingRule): QueryEffects {
  return {
    ...(priority !== undefined && { priority }),
    ...(requestSource !== '' && { requestSource }),
    ...(addClientTags.length > 0 && { addClientTags: addClientTags.map((tag) => tag.trim()) }),
    ...(Object.keys(sessionProperties).length > 0 && { sessionProperties }),
    ...(strict && { strict }),
  };
}

function textOf(
  result: RuleResult,
  { priority, requestSource, addClientTags, sessionProperties, strict }: QueryEffects,
): string {
  const said = [
    result.kind === 'group' && `group ${result.groupId}`,
    result.kind === 'backend' && `backend ${result.backendId}`,
    result.kind === 'refusal' && `refuses: ${result.message}`,
    priority !== undefined && `priority ${priority}`,
    requestSource && `source ${requestSource}`,
    addClientTags && `tags ${addClientTags.join(', ')}`,
    sessionProperties && `session properties ${Object.keys(sessionProperties).join(', ')}`,
    strict && 'no fallback',
  ];
  return said.filter((text) => typeof text === 'string').join(', ');
}
