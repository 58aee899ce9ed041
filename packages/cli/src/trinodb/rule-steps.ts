import type { MessageInitShape } from '@bufbuild/protobuf';
import type { RoutingRuleSchema, RoutingStepSchema } from '@trino-gateway/api/gateway';
import type { Note } from '../imported/notes.ts';
import { type TranslatedIds, translateIds } from '../imported/translate-ids.ts';
import type { TranslatedRule } from './translate-rules.ts';

type Step = MessageInitShape<typeof RoutingStepSchema>;
type Rule = MessageInitShape<typeof RoutingRuleSchema>;

/** The steps that ask these rules in this order: rules of one step until a header names the group, which is a step of its own. */
export function ruleSteps(rules: readonly TranslatedRule[], groupIds: TranslatedIds, notes: Note[]): Step[] {
  const ids = ruleIds(rules);
  const steps: Step[] = [];
  let together: Rule[] = [];
  const close = () => {
    if (together.length > 0) steps.push(rulesStep(steps.length, together));
    together = [];
  };
  rules.forEach((rule, at) => {
    const about = `rule "${rule.name}"`;
    if ('group' in rule) {
      const groupId = groupIds.of(rule.group);
      if (groupId === undefined) notes.push({ about, text: 'left out: its group has no name' });
      else together.push({ id: ids[at] as string, when: rule.when, groupId });
      return;
    }
    close();
    const value = { header: rule.header };
    steps.push({ id: `header-${steps.length + 1}`, kind: { case: 'routingGroupHeader', value } });
    notes.push({
      about,
      text: `is a step: a header that is missing, or names no group, leaves the decision to the rules behind it`,
    });
  });
  close();
  return steps;
}

function rulesStep(before: number, rules: readonly Rule[]): Step {
  const id = before === 0 ? 'rules' : `rules-${before + 1}`;
  return { id, kind: { case: 'rules', value: { rules: [...rules] } } };
}

/** A name may be there more than once: a rule with several results is several rules here. */
function ruleIds(rules: readonly TranslatedRule[]): string[] {
  const unheard: Note[] = []; // rules are found by their texts, too: what they are called is no news
  const count = new Map<string, number>();
  const names = rules.map(({ name }) => {
    const seen = (count.get(name) ?? 0) + 1;
    count.set(name, seen);
    return seen === 1 ? name : `${name}-${seen}`;
  });
  const { inOrder } = translateIds('rule', names, unheard);
  return inOrder.map((id, at) => id ?? `rule-${at + 1}`);
}
