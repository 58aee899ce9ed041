import {
  type Backend,
  Backend_ForwardedHeaders,
  Backend_Forwarding,
  type Group,
  Group_Strategy,
  type Policy,
} from '@trino-gateway/api/gateway';

/** A backend as it is stored: its URL an origin, defaults filled in, what is output only left out. */
export function storableBackend({ condition: _, ...backend }: Backend, managedBy: string): Backend {
  return {
    ...backend,
    url: new URL(backend.url).origin,
    forwardedHeaders: backend.forwardedHeaders || Backend_ForwardedHeaders.AUTO,
    externalUrl: backend.externalUrl && new URL(backend.externalUrl).origin,
    forwarding: backend.forwarding || Backend_Forwarding.PROXY,
    managedBy,
  };
}

/** A group as it is stored. */
export function storableGroup(group: Group, managedBy: string): Group {
  return { ...group, strategy: group.strategy || Group_Strategy.LEAST_LOAD, managedBy };
}

/** A policy as it is stored: client tags trimmed, as a request's are. */
export function storablePolicy(policy: Policy, managedBy: string): Policy {
  const trimmed = (tags: readonly string[]) => tags.map((tag) => tag.trim());
  const { rule } = policy;
  if (rule.case !== 'clientTags') return { ...policy, managedBy };
  const value = { ...rule.value, anyOf: trimmed(rule.value.anyOf), allOf: trimmed(rule.value.allOf) };
  return { ...policy, rule: { case: 'clientTags', value }, managedBy };
}
