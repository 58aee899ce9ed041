import { type RoutingRule, RoutingRule_ShareBySchema } from '@trino-gateway/api/gateway';
import { check, enumProblem, headerTextProblem, idProblem, type Problem, quote } from '@trino-gateway/api/problem';
import { scheduleProblems } from '@trino-gateway/schedule';
import { clientTagProblem, sessionPropertyProblem } from '@trino-gateway/trino';
import { readCondition } from './conditions.ts';

const MOST_RULES = 2_000;
/** Of all conditions of a step together: reading them takes some microseconds for each character. */
const MOST_CHARACTERS = 200_000;
const MOST_ITEMS = 100;
const LONGEST_TEXT = 1_000;
const MOST_PRIORITY = 1_000;
const TOLD_PROBLEMS = 20;

/** All that is wrong with the rules of a step; of many problems the first. */
export function rulesProblems(rules: readonly RoutingRule[]): Problem[] {
  const characters = rules.reduce((sum, { when }) => sum + when.length, 0);
  const sizes = [
    ...check(rules.length <= MOST_RULES, 'rules', `expected at most ${MOST_RULES} rules, got ${rules.length}`),
    ...check(
      characters <= MOST_CHARACTERS || rules.some(({ when }) => when.length > MOST_CHARACTERS / 2),
      'rules',
      `expected conditions of at most ${MOST_CHARACTERS} characters together, got ${characters}`,
    ),
  ];
  if (sizes.length > 0) return sizes;
  const problems: Problem[] = [];
  const ids = new Set<string>();
  for (const [at, rule] of rules.entries()) {
    const isKnown = ids.has(rule.id);
    ids.add(rule.id);
    problems.push(
      ...[...check(!isKnown, 'id', `${quote(rule.id)} is there twice`), ...ruleProblems(rule)].map(
        ({ field, message }) => ({ field: `rules[${at}].${field}`, message: `rule ${rule.id}: ${message}` }),
      ),
    );
    if (problems.length >= TOLD_PROBLEMS) break;
  }
  return problems;
}

function ruleProblems(rule: RoutingRule): Problem[] {
  return [
    ...idProblem('id', rule.id),
    ...conditionProblems(rule.when),
    ...resultProblems(rule),
    ...effectProblems(rule),
    ...check(
      rule.share === undefined || (rule.share >= 0 && rule.share <= 1),
      'share',
      `expected 0 to 1, got ${rule.share}`,
    ),
    ...enumProblem('share_by', RoutingRule_ShareBySchema, rule.shareBy),
    ...scheduleProblems(rule.schedule, rule.timeZone).map(({ field, message }) =>
      field === 'uptime_schedule'
        ? { field: 'schedule', message }
        : { field, message: message.replace('uptime_schedule', 'schedule') },
    ),
  ];
}

function conditionProblems(when: string): Problem[] {
  if (when.trim() === '') return [{ field: 'when', message: 'expected an expression; `true` holds for every query' }];
  try {
    readCondition(when);
    return [];
  } catch (error) {
    return [{ field: 'when', message: (error as Error).message }];
  }
}

/** What it decides: at most one thing, and something altogether. */
function resultProblems(rule: RoutingRule): Problem[] {
  const { groupId, backendId, refuse } = rule;
  const decides = [groupId, backendId, refuse].filter((text) => text !== '').length;
  return [
    ...check(decides <= 1, 'group_id', 'expected at most one of group_id, backend_id and refuse'),
    ...(groupId === '' ? [] : idProblem('group_id', groupId)),
    ...(backendId === '' ? [] : idProblem('backend_id', backendId)),
    ...check(
      refuse.length <= LONGEST_TEXT && !/\p{Cc}/u.test(refuse),
      'refuse',
      `expected a message of up to ${LONGEST_TEXT} characters in one line`,
    ),
    ...check(refuse === '' || !hasEffects(rule), 'refuse', 'expected nothing else: a refused query goes nowhere'),
    ...check(
      decides > 0 || hasEffects(rule),
      'group_id',
      'expected one of group_id, backend_id and refuse, or something to add to the decision of others',
    ),
  ];
}

function hasEffects(rule: RoutingRule): boolean {
  return (
    rule.priority !== undefined ||
    rule.requestSource !== '' ||
    rule.strict ||
    rule.addClientTags.length > 0 ||
    Object.keys(rule.sessionProperties).length > 0
  );
}

function effectProblems({ priority = 0, requestSource, addClientTags, sessionProperties }: RoutingRule): Problem[] {
  const properties = Object.entries(sessionProperties);
  return [
    ...check(
      Math.abs(priority) <= MOST_PRIORITY,
      'priority',
      `expected -${MOST_PRIORITY} to ${MOST_PRIORITY}, got ${priority}`,
    ),
    ...headerTextProblem('request_source', requestSource),
    ...check(addClientTags.length <= MOST_ITEMS, 'add_client_tags', `expected at most ${MOST_ITEMS} tags`),
    ...addClientTags.slice(0, MOST_ITEMS).flatMap((tag) => told('add_client_tags', tag, clientTagProblem(tag))),
    ...check(properties.length <= MOST_ITEMS, 'session_properties', `expected at most ${MOST_ITEMS} properties`),
    ...properties
      .slice(0, MOST_ITEMS)
      .flatMap(([name, value]) => told('session_properties', name, sessionPropertyProblem(name, value))),
  ];
}

function told(field: string, text: string, problem: string | undefined): Problem[] {
  return problem === undefined ? [] : [{ field, message: `${quote(text)} ${problem}` }];
}
