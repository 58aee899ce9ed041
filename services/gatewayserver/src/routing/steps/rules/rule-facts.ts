import { type FactValue, type RequestFact, requestFacts } from '../../chain/request-facts.ts';
import type { RoutedQuery } from '../../chain/routed-query.ts';
import type { Declarations } from '../../expressions/check.ts';
import { declare } from '../../expressions/expression.ts';
import type { Type } from '../../expressions/types.ts';

/** What the rules of a query have asked for so far, in the order of the declarations. */
export type RuleFacts = { readonly query: RoutedQuery; readonly values: unknown[] };

const types: Readonly<Record<RequestFact['type'], Type>> = {
  string: 'string',
  int: 'int',
  bool: 'bool',
  time: 'timestamp',
  list: { list: 'string' },
  map: { map: 'string' },
};

/** The names that rules may use. */
export const ruleNames: Declarations = new Map(
  Object.entries<RequestFact>(requestFacts).map(([name, { type, of }], at) => [
    name,
    declare(types[type], ({ query, values }: RuleFacts) => {
      values[at] ??= inExpressions(of(query));
      return values[at];
    }),
  ]),
);

/** Those that are found out by reading the statement. */
export const namesOfStatements: ReadonlySet<string> = new Set(
  Object.entries<RequestFact>(requestFacts)
    .filter(([, { readsStatement }]) => readsStatement === true)
    .map(([name]) => name),
);

const known = new WeakMap<RoutedQuery, RuleFacts>();

/** The same for all rules of all steps: each fact is computed at most once. */
export function factsOf(query: RoutedQuery): RuleFacts {
  const found = known.get(query);
  if (found) return found;
  const facts = { query, values: [] };
  known.set(query, facts);
  return facts;
}

function inExpressions(value: FactValue): unknown {
  return typeof value === 'object' && !Array.isArray(value) ? new Map(Object.entries(value)) : value;
}
