import type { DiscoverySource } from '@trino-gateway/api/gateway';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import { chainReferrers } from '../configuration/stored-chain.ts';
import { withoutDiscovered } from '../configuration/stored-objects.ts';
import type { ConfigurationChange } from '../storage/contract/configuration.ts';
import type { Store } from '../storage/contract/store.ts';
import { type DiscoveryPlan, type DiscoveryState, isEmptyPlan, planDiscovery } from './plan-discovery.ts';

/** The duty of the monitor whose findings count. */
const DUTY = 'discovery';
/** Another monitor takes over after this time. */
export const LEASE_MS = 10_000;

type Parts = {
  store: Pick<Store, 'configuration' | 'duties'>;
  configuration: Pick<ConfigurationCache, 'known' | 'refresh'>;
  /** Finds out what still needs a backend or a group. */
  ties: () => Promise<DiscoveryState['tied']>;
  now: () => number;
};

/**
 * Brings backends and groups in line with what a monitor found. Nothing is written where nothing changes.
 * @returns false when another monitor leads
 */
export async function declareDiscovered(
  { store, configuration, ties, now }: Parts,
  monitorId: string,
  sources: readonly DiscoverySource[],
): Promise<boolean> {
  if (!(await store.duties.hold(DUTY, monitorId, LEASE_MS))) return false;
  const { known } = configuration;
  const tied = await ties();
  const asKnown = planDiscovery(sources, {
    backends: [...known.backends.values()],
    groups: [...known.groups.values()],
    sources: known.discovered,
    members: membersOf(known.groups.values()),
    referrers: referrersIn({ ...known, groups: [...known.groups.values()], policies: [...known.policies.values()] }),
    tied,
    now: now(),
  });
  if (isEmptyPlan(asKnown)) return true;
  const leads = await store.configuration.change(async (change) => {
    // Fenced: whoever has lost the lead meanwhile writes nothing.
    if (!(await store.duties.hold(DUTY, monitorId, LEASE_MS))) return false;
    await carryOut(planDiscovery(sources, await readState(change, { tied, now: now() })), change);
    return true;
  });
  await configuration.refresh();
  return leads;
}

async function readState(
  { backends, groups, policies, routingChain, discovery }: ConfigurationChange,
  { tied, now }: Pick<DiscoveryState, 'tied' | 'now'>,
): Promise<DiscoveryState> {
  const stored = {
    groups: await groups.list(),
    policies: await policies.list(),
    routingChain: await routingChain.newest(),
  };
  return {
    backends: await backends.list(),
    groups: stored.groups,
    sources: await discovery.sources(),
    members: await discovery.members(),
    referrers: referrersIn(stored),
    tied,
    now,
  };
}

async function carryOut(plan: DiscoveryPlan, { backends, groups, discovery }: ConfigurationChange): Promise<void> {
  for (const group of plan.newGroups) await groups.put(group);
  for (const backend of plan.backends) await backends.put(backend);
  for (const [id, groupIds] of plan.members) await discovery.setMember(id, groupIds);
  for (const id of plan.drain) await backends.drain(id);
  for (const id of plan.enable) await backends.setEnabled(id, true);
  for (const id of plan.deleteBackends) await backends.delete(id);
  for (const id of plan.deleteGroups) await groups.delete(id);
  for (const source of plan.sources) await discovery.putSource(source);
  for (const name of plan.deleteSources) await discovery.deleteSource(name);
}

function membersOf(groups: Iterable<{ id: string; discoveredBackendIds: string[] }>): Map<string, string[]> {
  return new Map(
    [...groups]
      .filter(({ discoveredBackendIds }) => discoveredBackendIds.length > 0)
      .map(({ id, discoveredBackendIds }) => [id, discoveredBackendIds]),
  );
}

type Referring = Pick<Awaited<ReturnType<Store['configuration']['read']>>, 'groups' | 'policies' | 'routingChain'>;

function referrersIn({
  groups,
  policies,
  routingChain,
}: Omit<Referring, 'routingChain'> & {
  routingChain: Referring['routingChain'] | undefined;
}): DiscoveryState['referrers'] {
  return (kind, id) => {
    const chain = chainReferrers(routingChain, kind, id);
    if (kind === 'backend') {
      const holding = groups.filter((group) => withoutDiscovered(group).backendIds.includes(id));
      return [...holding.map((group) => `group "${group.id}"`), ...chain];
    }
    const leading = policies.filter(({ groupId, fallbackGroupId }) => [groupId, fallbackGroupId].includes(id));
    const spilling = groups.filter(({ spillOverGroupId }) => spillOverGroupId === id);
    return [
      ...leading.map((policy) => `policy "${policy.id}"`),
      ...spilling.map((group) => `group "${group.id}"`),
      ...chain,
    ];
  };
}
