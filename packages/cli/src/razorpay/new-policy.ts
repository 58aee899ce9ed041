import { create } from '@bufbuild/protobuf';
import { type Policy, PolicySchema } from '@trino-gateway/api/gateway';
import { policyProblems } from '@trino-gateway/api/validation';
import type { AncestorPolicy } from './ancestor.ts';
import type { NewIds } from './new-ids.ts';
import type { Remark } from './notes.ts';

/** The policy as it is here; undefined when there is no way to say it. */
export function newPolicy(id: string, before: AncestorPolicy, groupIds: NewIds, remark: Remark): Policy | undefined {
  const groupId = groupIds.of(before.group);
  if (groupId === undefined) {
    remark(`left out: its group "${before.group}" is not imported`);
    return undefined;
  }
  const rule = newRule(before, remark);
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

type Rule = Exclude<Policy['rule'], { case: undefined }>;
type RuleInit =
  | Extract<Rule, { case: 'listeningPort' | 'host' }>
  | { case: 'clientTags'; value: { allOf: string[] } }
  | { case: 'connectionProperties'; value: { exact: string } };

function newRule({ rule: { type, value } }: AncestorPolicy, remark: Remark): RuleInit | undefined {
  if (value.trim() === '') {
    remark('left out: its rule has no value, and matched requests that do not have it; there is no such rule here');
    return undefined;
  }
  switch (type) {
    case 'listening_port':
      return { case: 'listeningPort', value: /^\d{1,5}$/.test(value.trim()) ? Number(value) : 0 };
    case 'header_host':
    case 'header_client_host': // what its table calls it
      return { case: 'host', value: newHost(value.trim(), remark) };
    case 'header_client_tags': {
      const allOf = value
        .split(',')
        .map((tag) => tag.trim())
        .filter(Boolean);
      remark(
        `matched when the tags were exactly "${value}"; here when ${allOf.length === 1 ? 'this tag is' : 'these tags are'} among them, compared with case`,
      );
      return { case: 'clientTags', value: { allOf } };
    }
    case 'header_connection_properties':
      return { case: 'connectionProperties', value: { exact: value } };
    default:
      remark(`left out: its rule type "${type}" has no counterpart`);
      return undefined;
  }
}

function newHost(value: string, remark: Remark): string {
  const host = value.replace(/^(\[[^\]]*\]|[^:]*):\d+$/, '$1');
  if (host !== value) remark(`its host "${value}" is compared without the port: "${host}"`);
  return host;
}
