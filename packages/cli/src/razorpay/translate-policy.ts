import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Policy, PolicySchema } from '@trino-gateway/api/gateway';
import { policyProblems } from '@trino-gateway/api/validation';
import type { Remark } from '../imported/notes.ts';
import type { TranslatedIds } from '../imported/translate-ids.ts';
import type { RazorpayPolicy } from './model.ts';

/** The policy as it is here; undefined when there is no way to say it. */
export function translatePolicy(
  id: string,
  before: RazorpayPolicy,
  groupIds: TranslatedIds,
  remark: Remark,
): Policy | undefined {
  const groupId = groupIds.of(before.group);
  if (groupId === undefined) {
    remark(`left out: its group "${before.group}" is not imported`);
    return undefined;
  }
  const rule = translateRule(before, remark);
  if (rule === undefined) return undefined;
  const fallbackGroupId = before.fallback_group === '' ? '' : groupIds.of(before.fallback_group);
  if (fallbackGroupId === undefined)
    remark(`loses its fallback group "${before.fallback_group}", which is not imported`);
  else if (fallbackGroupId !== '')
    remark(
      `its fallback group "${fallbackGroupId}" is in force here; before it was stored and the default group was used`,
    );
  const byPort = rule.case === 'listeningPort';
  if (!byPort && before.is_auth_delegated)
    remark('is_auth_delegated is left out: it had an effect on listening_port rules only');
  if (!byPort && before.set_request_source !== '')
    remark('set_request_source is left out: it had an effect on listening_port rules only');
  if (byPort && before.is_auth_delegated)
    remark('authentication is delegated: give the router its provider, else every such request is refused');
  const policy = create(PolicySchema, {
    id,
    enabled: before.is_enabled,
    rule,
    groupId,
    fallbackGroupId: fallbackGroupId ?? '',
    authDelegated: byPort && before.is_auth_delegated,
    requestSource: byPort ? before.set_request_source : '',
  });
  const [problem] = policyProblems(policy);
  if (!problem) return policy;
  remark(`left out: ${problem.field}: ${problem.message}`);
  return undefined;
}

type Rule = MessageInitShape<typeof PolicySchema>['rule'];

/** The rule types of razorpay/trino-gateway, by the names that its API and its table have for them. */
const RULE_TYPES: Readonly<Record<string, (value: string, remark: Remark) => Rule>> = {
  listening_port: (value) => ({ case: 'listeningPort', value: /^\d{1,5}$/.test(value.trim()) ? Number(value) : 0 }),
  header_host: hostRule,
  header_client_host: hostRule,
  header_client_tags: (value, remark) => {
    const allOf = value
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean);
    remark(
      `matched when the tags were exactly "${value}"; here when ${allOf.length === 1 ? 'this tag is' : 'these tags are'} among them, compared with case`,
    );
    return { case: 'clientTags', value: { allOf } };
  },
  header_connection_properties: (value) => ({ case: 'connectionProperties', value: { exact: value } }),
};

function translateRule({ rule: { type, value } }: RazorpayPolicy, remark: Remark): Rule | undefined {
  if (value.trim() === '') {
    remark('left out: its rule has no value, and matched requests that do not have it; there is no such rule here');
    return undefined;
  }
  const translated = Object.hasOwn(RULE_TYPES, type) ? RULE_TYPES[type]?.(value, remark) : undefined;
  if (translated === undefined) remark(`left out: its rule type "${type}" has no counterpart`);
  return translated;
}

function hostRule(value: string, remark: Remark): Rule {
  const given = value.trim();
  const host = given.replace(/^(\[[^\]]*\]|[^:]*):\d+$/, '$1');
  if (host !== given) remark(`its host "${given}" is compared without the port: "${host}"`);
  return { case: 'host', value: host };
}
