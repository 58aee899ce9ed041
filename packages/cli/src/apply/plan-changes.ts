import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Backend, Group, Policy, RoutingChain } from '@trino-gateway/api/gateway';
import { HIDDEN_SECRET, PROBE_SECRETS } from '@trino-gateway/api/sealed-secret';
import type { Declared, Existing } from '@trino-gateway/config';
import type { Gateway } from '../connection/gateway.ts';
import { backendKind, groupKind, type Kind, policyKind } from '../kinds/index.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { chainChange, chainRefusals } from './chain-change.ts';
import type { Change } from './change.ts';
import { orderGroups } from './order-groups.ts';
import { differencesTo, isStoredAs } from './stored-form.ts';

/** What the gatewayserver has. */
export type Stored = { backends: Backend[]; groups: Group[]; policies: Policy[]; routingChain: RoutingChain };

/** Reads all that the gatewayserver has. */
export async function readStored(gateway: Gateway): Promise<Stored> {
  const [backends, groups, policies, routingChain] = await Promise.all([
    backendKind.list(gateway),
    groupKind.list(gateway),
    policyKind.list(gateway),
    gateway.routing.getRoutingChain({}),
  ]);
  return { backends, groups, policies, routingChain };
}

/** The ids that new objects may refer to. */
export function idsOf({ backends, groups }: Stored): Existing {
  return { backendIds: new Set(backends.map(({ id }) => id)), groupIds: new Set(groups.map(({ id }) => id)) };
}

/**
 * What has to be written, in an order in which everything exists before it is referred to.
 * @throws UsageError naming the objects that only a configuration file may change
 */
export function planChanges(wanted: Declared, stored: Stored): Change[] {
  const refused = [
    ...refusals(backendKind, wanted.backends, stored.backends),
    ...refusals(groupKind, wanted.groups, stored.groups),
    ...refusals(policyKind, wanted.policies, stored.policies),
    ...chainRefusals(wanted.routingChain, stored.routingChain),
  ];
  if (refused.length > 0) throw new UsageError(...refused);
  const { beforehand, ordered } = orderGroups(wanted.groups, new Set(stored.groups.map(({ id }) => id)));
  return [
    ...changes(backendKind, wanted.backends, stored.backends),
    ...changes(groupKind, beforehand, stored.groups),
    ...changes(groupKind, ordered, [...stored.groups, ...beforehand]),
    ...changes(policyKind, wanted.policies, stored.policies),
    ...(wanted.routingChain ? [chainChange(wanted.routingChain, stored.routingChain)] : []),
  ];
}

type Identified = { id: string; managedBy: string; appliedSet: string };

function refusals<Desc extends DescMessage>(
  kind: Kind<Desc>,
  wanted: readonly (MessageShape<Desc> & Identified)[],
  stored: readonly (MessageShape<Desc> & Identified)[],
): string[] {
  const before = new Map(stored.map((object) => [object.id, object]));
  return wanted
    .filter((object) => {
      const found = before.get(object.id);
      return found !== undefined && found.managedBy !== '' && !isStoredAs(kind, object, found);
    })
    .map(
      ({ id }) =>
        `${kind.name} "${id}": ${before.get(id)?.managedBy === 'kubernetes' ? 'it is discovered in Kubernetes; change its object there' : 'a configuration file of the gatewayserver declares it; change it there'}`,
    );
}

function changes<Desc extends DescMessage>(
  kind: Kind<Desc>,
  wanted: readonly (MessageShape<Desc> & Identified)[],
  stored: readonly (MessageShape<Desc> & Identified)[],
): Change[] {
  const before = new Map(stored.map((object) => [object.id, object]));
  return wanted.map((object) => {
    const found = before.get(object.id);
    const expected = found === undefined ? 'created' : isStoredAs(kind, object, found) ? 'unchanged' : 'changed';
    return {
      name: `${kind.name} "${object.id}"`,
      expected,
      differences: differencesTo(kind, object, found),
      async write(gateway) {
        if (expected === 'unchanged' && (found?.managedBy || !holdsSecret(object))) return expected;
        const answer = await kind.put(gateway, object);
        if (found === undefined) return 'created';
        return isStoredAs(kind, answer, found) ? 'unchanged' : 'changed';
      },
    };
  });
}

/** Reads hide secrets: whether one differs cannot be seen, so it is written each time; the mask keeps the stored one. */
function holdsSecret({ probe }: { id: string; probe?: Backend['probe'] }): boolean {
  return probe !== undefined && PROBE_SECRETS.some((name) => !['', HIDDEN_SECRET].includes(probe[name]));
}
