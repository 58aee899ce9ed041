import { all, any, type Condition, NEVER, not, printed } from '../cel/condition.ts';
import { UntranslatableError } from './syntax.ts';

/**
 * What rules have put into `state` so far, each with the condition under which they did.
 * Changes throw UntranslatableError where conditions that build on each other get too long.
 */
export type RuleState = {
  /** Puts a text, or an empty set. */
  put(key: string, value: string | undefined, when: Condition): void;
  /** Adds to a set. */
  add(key: string, value: string, when: Condition): void;
  isThere(key: string): Condition;
  is(key: string, value: string): Condition;
  holds(key: string, value: string): Condition;
};

type Kept = { isThere: Condition; is: Map<string, Condition>; holds: Map<string, Condition> };

const LONGEST = 20_000;

export function createState(): RuleState {
  const keys = new Map<string, Kept>();
  const of = (key: string) => {
    const found = keys.get(key) ?? { isThere: NEVER, is: new Map(), holds: new Map() };
    keys.set(key, found);
    return found;
  };
  return {
    put(key, value, when) {
      checkLength(when);
      const kept = of(key);
      kept.isThere = any(kept.isThere, when);
      for (const facts of [kept.is, kept.holds])
        for (const [known, before] of facts) facts.set(known, all(before, not(when)));
      if (value !== undefined) kept.is.set(value, any(kept.is.get(value) ?? NEVER, when));
    },
    add(key, value, when) {
      checkLength(when);
      const { holds } = of(key);
      holds.set(value, any(holds.get(value) ?? NEVER, when));
    },
    isThere: (key) => keys.get(key)?.isThere ?? NEVER,
    is: (key, value) => keys.get(key)?.is.get(value) ?? NEVER,
    holds: (key, value) => keys.get(key)?.holds.get(value) ?? NEVER,
  };
}

function checkLength(when: Condition): void {
  if (printed(when).length > LONGEST) throw new UntranslatableError('what it keeps in state depends on too much');
}
