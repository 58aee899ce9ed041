import type { EntryPoint } from '../authentication.ts';
import type { Policy } from '../gen/trinogateway/v1/gateway_pb.ts';
import type { Problem } from '../problem.ts';
import type { PolicyLookup, PolicyRule, PolicyRuleKind, RuledPolicy } from './policy-rule-kind.ts';

/** Rules of all kinds: what validation, routing, storage and the command line ask instead of telling kinds apart. */
export type PolicyRules = {
  /** The fields of the kinds that may delegate authentication. */
  readonly entryPointFields: readonly string[];
  /** All that is wrong with a rule, or that there is none. */
  problems(rule: PolicyRule): Problem[];
  /** The rule as it is stored and compared. */
  normalize(rule: PolicyRule): PolicyRule;
  /** For lists: the rule on one line. */
  describe(rule: PolicyRule): string;
  /** The entry point that a rule names; undefined when rules of its kind name none. */
  entryPoint(rule: PolicyRule): Partial<EntryPoint> | undefined;
  /**
   * One look-up for each kind that the policies use.
   * @param policies in the order of their ids
   * @param summarize what policies of a kind that match together say
   */
  compile<Summary>(
    policies: readonly Policy[],
    summarize: (matching: readonly Policy[]) => Summary,
  ): readonly PolicyLookup<Summary>[];
};

/** By the contract's name of each kind. A rule's value is of its kind, which this type cannot say. */
type Kinds = Readonly<Record<string, PolicyRuleKind<unknown>>>;

export function createPolicyRules(kinds: Kinds): PolicyRules {
  const fields = Object.values(kinds).map(({ field }) => field);
  const kindOf = ({ case: name }: PolicyRule) => (name === undefined ? undefined : kinds[name]);
  return {
    entryPointFields: Object.values(kinds).flatMap(({ field, entryPoint }) => (entryPoint ? [field] : [])),
    problems: (rule) =>
      kindOf(rule)?.problems(rule.value) ?? [{ field: 'rule', message: `expected one of ${fields.join(', ')}` }],
    normalize: (rule) => {
      const kind = kindOf(rule);
      return kind ? ({ ...rule, value: kind.normalize(rule.value) } as PolicyRule) : rule;
    },
    describe: (rule) => kindOf(rule)?.describe(rule.value) ?? '-',
    entryPoint: (rule) => kindOf(rule)?.entryPoint?.(rule.value),
    compile: (policies, summarize) =>
      Object.entries(kinds).flatMap(([name, kind]) => {
        const ofKind = policies.flatMap((policy): RuledPolicy<unknown>[] =>
          policy.rule.case === name ? [{ policy, value: kind.normalize(policy.rule.value) }] : [],
        );
        return ofKind.length > 0 ? [kind.compile(ofKind, summarize)] : [];
      }),
  };
}
