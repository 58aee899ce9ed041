import {
  type Backend,
  Backend_ForwardedHeaders,
  Backend_Forwarding,
  Backend_Probe_Kind,
  type Backend_Tls,
  type Group,
  Group_Strategy,
  type Policy,
} from '@trino-gateway/api/gateway';
import { policyRules } from '@trino-gateway/api/policy-rules';

/** A backend as it is stored: with the origin of its URL and with defaults, without output-only fields. */
export function storableBackend({ condition: _, discovery: __, tls, ...backend }: Backend, managedBy: string): Backend {
  return {
    ...backend,
    ...(tls && !isEmpty(tls) && { tls }),
    url: new URL(backend.url).origin,
    forwardedHeaders: backend.forwardedHeaders || Backend_ForwardedHeaders.AUTO,
    externalUrl: backend.externalUrl && new URL(backend.externalUrl).origin,
    forwarding: backend.forwarding || Backend_Forwarding.PROXY,
    ...(backend.probe && { probe: { ...backend.probe, kind: backend.probe.kind || Backend_Probe_Kind.SQL } }),
    ...owned(backend, managedBy),
  };
}

/** Who it belongs to: what a file declares, or was discovered, is in no set that is applied. */
function owned({ appliedSet }: { appliedSet: string }, managedBy: string) {
  return { managedBy, appliedSet: managedBy === '' ? appliedSet : '' };
}

function isEmpty({ caFile, certFile, keyFile, serverName }: Backend_Tls): boolean {
  return [caFile, certFile, keyFile, serverName].every((text) => text === '');
}

/** A group as it is stored. */
export function storableGroup(group: Group, managedBy: string): Group {
  return { ...group, strategy: group.strategy || Group_Strategy.LEAST_LOAD, ...owned(group, managedBy) };
}

/** A group without the members that were discovered, which are stored apart. */
export function withoutDiscovered(group: Group): Group {
  const discovered = new Set(group.discoveredBackendIds);
  return { ...group, backendIds: group.backendIds.filter((id) => !discovered.has(id)), discoveredBackendIds: [] };
}

/** A policy as it is stored. */
export function storablePolicy(policy: Policy, managedBy: string): Policy {
  return { ...policy, rule: policyRules.normalize(policy.rule), ...owned(policy, managedBy) };
}
