import { type Condition, compileCondition } from '../../expressions/expression.ts';
import { type RuleFacts, ruleNames } from './rule-facts.ts';

/** More than the largest step has, before and after a change. */
const MOST_KEPT = 5_000;
const kept = new Map<string, Condition<RuleFacts>>();

/**
 * The condition that a rule is written with. Reading it takes longer than asking it a thousand times, and a chain is checked, then
 * compiled: what was read is kept for a while.
 * @throws Error whose message begins with the place
 */
export function readCondition(when: string): Condition<RuleFacts> {
  const found = kept.get(when);
  if (found) return found;
  const condition = compileCondition<RuleFacts>(when, ruleNames);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(when, condition);
  return condition;
}
