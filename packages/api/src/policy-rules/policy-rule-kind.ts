import type { EntryPoint } from '../authentication.ts';
import type { Policy } from '../gen/trinogateway/v1/gateway_pb.ts';
import type { Problem } from '../problem.ts';

/** The rule of a policy, as the contract has it: its kind, and what it compares with. */
export type PolicyRule = Policy['rule'];

/** The contract's name of a kind of rule. */
export type PolicyRuleName = Exclude<PolicyRule['case'], undefined>;

/** What rules of a kind compare requests with. */
export type PolicyRuleValue<Name extends PolicyRuleName> = Extract<PolicyRule, { case: Name }>['value'];

/** What rules look at in a request. */
export type RuleRequest = EntryPoint & {
  /** Names and values in turn, as they were sent. */
  rawHeaders: readonly string[];
};

/** A policy, and what its rule compares with. */
export type RuledPolicy<Value> = { policy: Policy; value: Value };

/** Finds the summary of the policies that match a request; undefined when none does. */
export type PolicyLookup<Summary> = (request: RuleRequest) => Summary | undefined;

/** One kind of rule: all that the gateway knows of it. */
export type PolicyRuleKind<Value> = {
  /** Its field in the contract and in configuration files. */
  readonly field: string;
  /** All that is wrong with such a rule; empty when it can be stored. */
  problems(value: Value): Problem[];
  /** The one way in which equal rules are stored. */
  normalize(value: Value): Value;
  /** For lists: the rule on one line. */
  describe(value: Value): string;
  /**
   * Only of kinds that match by entry point alone: the one that the rule names. Other kinds cannot delegate
   * authentication, which is decided before anything else is known.
   */
  entryPoint?(value: Value): Partial<EntryPoint>;
  /**
   * Arranges policies so that a request meets only those that can match.
   * @param policies of this kind, at least one, normalized, in the order of their ids
   * @param summarize what policies that match together say
   */
  compile<Summary>(
    policies: readonly RuledPolicy<Value>[],
    summarize: (matching: readonly Policy[]) => Summary,
  ): PolicyLookup<Summary>;
};
