import { merged } from '../../chain/chain-answer.ts';
import type { Opinion, QueryEffects, RuleMatch } from '../../chain/opinion.ts';
import { abstains, chooses, refuses } from '../../chain/opinions.ts';
import type { RoutedQuery } from '../../chain/routed-query.ts';
import type { StepContext, StepKind, StepSettings } from '../../chain/step-kind.ts';
import { EvaluationError, TooMuchWorkError } from '../../expressions/evaluation.ts';
import { factsNotKept } from './facts-not-kept.ts';
import { type CompiledRule, compileRule, needsPreparedStatements } from './rule.ts';
import { factsOf } from './rule-facts.ts';
import { rulesProblems } from './rule-problems.ts';

/** For one rule, and for all rules of a step together. */
const RULE_WORK = 10_000_000;
const STEP_WORK = 20_000_000;
const TOLD_FAILURES = 3;

/** Rules in the Common Expression Language: the first that matches and decides something. */
export const rulesStep: StepKind<StepSettings<'rules'>> = {
  problems: ({ rules }) => rulesProblems(rules),
  names: ({ rules }) => ({
    groupIds: rules.map(({ groupId }) => groupId).filter((id) => id !== ''),
    backendIds: rules.map(({ backendId }) => backendId).filter((id) => id !== ''),
  }),
  notKept: ({ rules }) => factsNotKept(rules),
  needs: ({ rules }) => ({ preparedStatements: rules.some(needsPreparedStatements) }),
  compile: ({ rules }, id) => {
    const enabled = rules.filter((rule) => rule.enabled !== false).map(compileRule);
    return {
      ruleIds: rules.map((rule) => rule.id),
      ask: (query, context) => createAsking(id, query, context).ask(enabled),
    };
  },
};

/** What the rules of a step said of one query so far. */
type Said = { matched: RuleMatch[]; effects: QueryEffects; failures: string[]; failed: number };

function createAsking(step: string, query: RoutedQuery, { snapshot, chance }: StepContext) {
  const facts = factsOf(query);
  const said: Said = { matched: [], effects: {}, failures: [], failed: 0 };
  let stepWork = STEP_WORK;
  const matches = (rule: CompiledRule): boolean => {
    const work = { left: Math.min(RULE_WORK, stepWork) };
    const began = work.left;
    try {
      return rule.matches(facts, work, chance);
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      if (error instanceof TooMuchWorkError && stepWork <= RULE_WORK)
        throw new Error(`rule ${rule.id}: ${error.message}`);
      said.matched.push({ ruleId: rule.id, failed: true });
      said.failed += 1;
      if (said.failed <= TOLD_FAILURES) said.failures.push(`rule ${rule.id}: ${error.message}`);
      return false;
    } finally {
      stepWork -= began - Math.max(0, work.left);
    }
  };
  return {
    ask(rules: readonly CompiledRule[]): Opinion {
      for (const rule of rules) {
        if (!matches(rule)) continue;
        const opinion = opinionOf(step, rule, said, snapshot.groupOfBackend);
        if (opinion) return { ...opinion, matched: said.matched, effects: said.effects };
      }
      const names = said.matched.filter(({ wouldHave, failed }) => wouldHave === undefined && !failed);
      const text =
        names.length > 0 ? `rule ${names.map(({ ruleId }) => ruleId).join(', ')}: decides no group` : 'no rule matches';
      return { ...abstains(step, withFailures(text, said)), matched: said.matched, effects: said.effects };
    },
  };
}

/** What follows from a rule that matches; undefined when the next one is to be asked. */
function opinionOf(
  step: string,
  rule: CompiledRule,
  said: Said,
  groupOfBackend: (backendId: string) => string | undefined,
): Opinion | undefined {
  const { id: ruleId, result, effects } = rule;
  if (rule.observes) {
    said.matched.push({ ruleId, wouldHave: rule.text });
    return undefined;
  }
  const text = withFailures(`rule ${ruleId}: ${rule.text}`, said);
  if (result.kind === 'backend') {
    const groupId = groupOfBackend(result.backendId);
    if (groupId === undefined) {
      said.matched.push({ ruleId, failed: true });
      said.failures.push(`rule ${ruleId}: backend ${result.backendId} is in no enabled group`);
      return undefined;
    }
    said.matched.push({ ruleId });
    return chooses(step, { groupId, backendId: result.backendId, ruleId, text, effects });
  }
  said.matched.push({ ruleId });
  switch (result.kind) {
    case 'group':
      return chooses(step, { groupId: result.groupId, ruleId, text, effects });
    case 'refusal':
      return refuses(step, text, result.message);
    case 'none':
      said.effects = merged(said.effects, effects);
      return undefined;
  }
}

function withFailures(text: string, { failures, failed }: Said): string {
  if (failures.length === 0) return text;
  const more = failed > TOLD_FAILURES ? `; and ${failed - TOLD_FAILURES} more` : '';
  return `${text} (not evaluated: ${failures.join('; ')}${more})`;
}
