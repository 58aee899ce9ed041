import type { RoutingRule } from '@trino-gateway/api/gateway';

const NOT_KEPT: [fact: RegExp, sentence: string][] = [
  [/\bheaders\b/, 'of headers, history keeps those that rules have a name for'],
  [/\bsession\b/, 'of session properties, history keeps the names: values are empty here'],
  [/\bgroups\b/, 'groups of users are not kept in the history'],
  [/\bin_transaction\b/, 'statements inside of transactions are not replayed'],
];

/** What the rules that are asked look at and the history does not keep. */
export function factsNotKept(rules: readonly RoutingRule[]): string[] {
  const expressions = rules
    .filter(({ enabled }) => enabled !== false)
    .map(({ when }) => when.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, ''));
  return NOT_KEPT.filter(([fact]) => expressions.some((when) => fact.test(when))).map(([, sentence]) => sentence);
}
