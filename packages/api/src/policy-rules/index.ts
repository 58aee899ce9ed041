import { clientTags } from './client-tags.ts';
import { connectionProperties } from './connection-properties.ts';
import { host } from './host.ts';
import { listeningPort } from './listening-port.ts';
import type { PolicyRuleKind, PolicyRuleName, PolicyRuleValue } from './policy-rule-kind.ts';
import { createPolicyRules } from './policy-rules.ts';

export type { PolicyLookup, RuleRequest } from './policy-rule-kind.ts';

/** Every kind of rule that a policy may have. A new kind is its field in the contract, a file of its own, and a line here. */
export const kinds: { readonly [Name in PolicyRuleName]: PolicyRuleKind<PolicyRuleValue<Name>> } = {
  listeningPort,
  host,
  clientTags,
  connectionProperties,
};

export const policyRules = createPolicyRules(kinds);
