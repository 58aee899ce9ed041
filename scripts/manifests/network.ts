import { type Manifest, ofKind, selects } from './objects.ts';

/** What connects, or is connected to. Without a namespace it is outside of the cluster. */
export type Peer = {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  /** Of its containers, by name. */
  ports?: Record<string, number>;
};

type Selector = { matchLabels?: Record<string, string> };
type Rule = {
  from?: { podSelector?: Selector; namespaceSelector?: Selector }[];
  to?: Rule['from'];
  ports?: { port: string | number; protocol?: string }[];
};
type Policy = { podSelector: Selector; policyTypes: string[]; ingress?: Rule[]; egress?: Rule[] };
type Way = { direction: 'Ingress' | 'Egress'; other: Peer; port: number; protocol: string; target: Peer };

/** Whether the policies of a cluster let one connect to another at this port. */
export function mayConnect(
  manifests: readonly Manifest[],
  from: Peer,
  to: Peer,
  { port, protocol = 'TCP' }: { port: number; protocol?: string },
): boolean {
  const policies = ofKind<Policy>(manifests, 'NetworkPolicy');
  const way = { port, protocol, target: to };
  return (
    isOpen(policies, from, { ...way, direction: 'Egress', other: to }) &&
    isOpen(policies, to, { ...way, direction: 'Ingress', other: from })
  );
}

/** Of the policies that choose a pod one must allow the way; a pod that none chooses is open. */
function isOpen(policies: readonly (Manifest & { spec: Policy })[], pod: Peer, way: Way): boolean {
  const mine = policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.namespace &&
      spec.policyTypes.includes(way.direction) &&
      selects(spec.podSelector.matchLabels ?? {}, pod.labels ?? {}),
  );
  return mine.length === 0 || mine.some((policy) => allows(policy, way));
}

function allows({ metadata, spec }: Manifest & { spec: Policy }, way: Way): boolean {
  const rules = (way.direction === 'Ingress' ? spec.ingress : spec.egress) ?? [];
  return rules.some((rule) => {
    const peers = way.direction === 'Ingress' ? rule.from : rule.to;
    const isPeer = peers === undefined || peers.some((peer) => isMeant(peer, way.other, metadata.namespace));
    return isPeer && (rule.ports === undefined || rule.ports.some((port) => isPort(port, way)));
  });
}

function isMeant({ podSelector, namespaceSelector }: NonNullable<Rule['from']>[number], peer: Peer, own?: string) {
  if (peer.namespace === undefined) return false;
  const isNamespace = namespaceSelector
    ? selects(namespaceSelector.matchLabels ?? {}, { 'kubernetes.io/metadata.name': peer.namespace })
    : peer.namespace === own;
  return isNamespace && selects(podSelector?.matchLabels ?? {}, peer.labels ?? {});
}

function isPort({ port, protocol = 'TCP' }: NonNullable<Rule['ports']>[number], way: Way): boolean {
  const number = typeof port === 'number' ? port : way.target.ports?.[port];
  return number === way.port && protocol === way.protocol;
}
