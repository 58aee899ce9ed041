import { absorbed, type Evaluation, type EvaluationError, spend } from './evaluation.ts';
import type { Node } from './node.ts';
import type { Type } from './types.ts';

/** A macro over a list, or over the keys of a map, with its checked parts. */
export type MacroParts = {
  range: Node;
  /** Where the variable of the macro lies. */
  slot: number;
  /** The condition; absent where there is none. */
  test: Node | undefined;
  /** What `map` makes of each. */
  made: Node | undefined;
  elementType: Type;
};

type Built = Pick<Node, 'type' | 'run'>;
const ONE_ROUND = 10;

/** Macros by name. */
export const macros: ReadonlyMap<string, (parts: MacroParts) => Built> = new Map(
  Object.entries<(parts: MacroParts) => Built>({
    exists: (parts) => quantifier(parts, true),
    all: (parts) => quantifier(parts, false),
    exists_one: (parts) => ({
      type: 'bool',
      run: (e) => {
        let found = 0;
        forEach(parts, e, () => {
          if (parts.test?.run(e) === true) found += 1;
        });
        return found === 1;
      },
    }),
    filter: (parts) => ({
      type: { list: parts.elementType },
      run: (e) => {
        const kept: unknown[] = [];
        forEach(parts, e, (element) => {
          if (parts.test?.run(e) === true) kept.push(element);
        });
        return kept;
      },
    }),
    map: (parts) => ({
      type: { list: parts.made?.type ?? 'nothing' },
      run: (e) => {
        const made: unknown[] = [];
        forEach(parts, e, () => {
          if (parts.test === undefined || parts.test.run(e) === true) made.push(parts.made?.run(e));
        });
        return made;
      },
    }),
  }),
);

/** One element may decide alone, also when the condition fails for others. */
function quantifier(parts: MacroParts, decisive: boolean): Built {
  const { slot, test } = parts;
  return {
    type: 'bool',
    run: (e) => {
      let failed: EvaluationError | undefined;
      for (const element of elementsOf(parts, e)) {
        spend(e.work, ONE_ROUND);
        e.locals[slot] = element;
        try {
          if (test?.run(e) === decisive) return decisive;
        } catch (error) {
          failed = absorbed(error);
        }
      }
      if (failed) throw failed;
      return !decisive;
    },
  };
}

function forEach(parts: MacroParts, e: Evaluation, visit: (element: unknown) => void): void {
  for (const element of elementsOf(parts, e)) {
    spend(e.work, ONE_ROUND);
    e.locals[parts.slot] = element;
    visit(element);
  }
}

function elementsOf({ range }: MacroParts, e: Evaluation): Iterable<unknown> {
  const value = range.run(e) as readonly unknown[] | ReadonlyMap<string, unknown>;
  return value instanceof Map ? value.keys() : (value as readonly unknown[]);
}
