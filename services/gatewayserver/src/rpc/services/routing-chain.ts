import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import type {
  CompareRoutingChainsRequest,
  PutRoutingChainRequest,
  RollBackRoutingChainRequest,
  RoutingChain,
  RoutingService,
} from '@trino-gateway/api/gateway';
import { chainChanges } from '../../configuration/chain-changes.ts';
import {
  chainRules,
  type Exists,
  refuseBrokenChain,
  refuseDeclaredChain,
  refuseOtherVersion,
  saysTheSame,
  shownChain,
  storableChain,
  withStoredChainSecrets,
} from '../../configuration/stored-chain.ts';
import { invalid } from '../../configuration/validation.ts';
import { mayBeTried, trialProblems } from '../../routing/chain/chain-trial.ts';
import { builtInChain } from '../../routing/chain/routing-chain.ts';
import { stepKinds } from '../../routing/steps/registry.ts';
import type { ConfigurationChange } from '../../storage/contract/configuration.ts';
import type { RpcContext, Tables } from './context.ts';

type Context = Pick<RpcContext, 'configuration'> & Tables<'configuration'>;

type ChainCalls = Pick<
  ServiceImpl<typeof RoutingService>,
  | 'getRoutingChain'
  | 'putRoutingChain'
  | 'getRoutingChainVersion'
  | 'listRoutingChainVersions'
  | 'compareRoutingChains'
  | 'rollBackRoutingChain'
>;

/** The routing chain and its versions. */
export function routingChainCalls(context: Context) {
  return {
    getRoutingChain: async ({ version }) =>
      shownChain(version === 0 ? inForce(context) : await readVersion(context, version)),
    putRoutingChain: (request) => putChain(context, request),
    getRoutingChainVersion: async ({ version }) => shownChain(await readVersion(context, version)),
    listRoutingChainVersions: async () => ({ versions: await context.store.configuration.chainVersions() }),
    compareRoutingChains: (request) => compareChains(context, request),
    rollBackRoutingChain: (request) => rollBack(context, request),
  } satisfies ChainCalls;
}

async function putChain(context: Context, { chain: wanted }: PutRoutingChainRequest): Promise<RoutingChain> {
  if (!wanted) throw invalid('chain', 'expected an object, got nothing');
  const problems = chainRules.problems(wanted);
  if (mayBeTried(problems)) problems.push(...(await trialProblems(stepKinds, wanted, inForce(context))));
  if (problems.length > 0) refuseBrokenChain(wanted, problems, existsHere(context));
  const stored = await context.store.configuration.change(async (change) => {
    const before = await change.routingChain.newest();
    refuseDeclaredChain(before);
    refuseOtherVersion(wanted.version, before);
    refuseBrokenChain(wanted, [], await existsIn(change));
    const next = storableChain(withStoredChainSecrets(wanted, before), '');
    // A repeated Put changes nothing; with the version that it read, it is an edition of its own.
    if (before && wanted.version === undefined && saysTheSame(before, next)) return before;
    return change.routingChain.add(next);
  });
  return putInForce(context, stored);
}

/** A chain that is only tried, with the secrets of the one in force. @throws what PutRoutingChain throws of its content */
export function checkedDraft(context: Pick<Context, 'configuration'>, chain: RoutingChain): RoutingChain {
  refuseBrokenChain(chain, chainRules.problems(chain), existsHere(context));
  return withStoredChainSecrets(chain, context.configuration.known.routingChain);
}

/** Refuses a draft of which only trying it shows what is wrong, such as a script that cannot be loaded. */
export async function refuseFailedTrial(context: Pick<Context, 'configuration'>, draft: RoutingChain): Promise<void> {
  const tried = await trialProblems(stepKinds, draft, inForce(context));
  if (tried.length > 0) refuseBrokenChain(draft, tried, existsHere(context));
}

async function rollBack(context: Context, { version }: RollBackRoutingChainRequest): Promise<RoutingChain> {
  if (version === undefined) throw invalid('version', 'expected the version to roll back to');
  const earlier = await readVersion(context, version);
  const problems = [
    ...chainRules.problems(shownChain(earlier)),
    ...(await trialProblems(stepKinds, earlier, inForce(context))),
  ];
  const stored = await context.store.configuration.change(async (change) => {
    const before = await change.routingChain.newest();
    refuseDeclaredChain(before);
    refuseBrokenChain(earlier, problems, await existsIn(change));
    const next = storableChain(earlier, '');
    return before && saysTheSame(before, next) ? before : change.routingChain.add(next, version);
  });
  return putInForce(context, stored);
}

async function compareChains(context: Context, request: CompareRoutingChainsRequest) {
  const toVersion = request.toVersion ?? inForce(context).version ?? 0;
  const fromVersion = request.fromVersion ?? Math.max(0, toVersion - 1);
  const from = await readVersion(context, fromVersion, 'from_version');
  const to = await readVersion(context, toVersion, 'to_version');
  return { fromVersion, toVersion, changes: chainChanges(from, to) };
}

function inForce({ configuration }: Pick<Context, 'configuration'>): RoutingChain {
  return configuration.known.routingChain ?? builtInChain;
}

/** Puts what was stored in force here, and shows it. */
function putInForce({ configuration }: Context, stored: RoutingChain): RoutingChain {
  configuration.applyWrite('configuration', (known) => {
    known.routingChain = stored;
  });
  return shownChain(stored);
}

async function readVersion(context: Context, version: number, field = 'version'): Promise<RoutingChain> {
  if (checkedVersion(version, field) === 0) return builtInChain;
  const current = context.configuration.known.routingChain;
  if (current?.version === version) return current;
  return kept(version, await context.store.configuration.chainVersion(version));
}

function checkedVersion(version: number, field = 'version'): number {
  if (version >= 0) return version;
  throw invalid(field, `expected 0 or more, got ${version}`);
}

function kept(version: number, chain: RoutingChain | undefined): RoutingChain {
  if (chain) return chain;
  throw new ConnectError(`there is no version ${version} of the routing chain, or no longer`, Code.NotFound);
}

/** By what is known here: good enough to say all that is wrong with a chain that is broken anyway. */
function existsHere({ configuration: { known } }: Pick<Context, 'configuration'>): Exists {
  return (kind, id) => (kind === 'group' ? known.groups : known.backends).has(id);
}

async function existsIn({ groups, backends }: ConfigurationChange): Promise<Exists> {
  const groupIds = new Set((await groups.list()).map(({ id }) => id));
  const backendIds = new Set((await backends.list()).map(({ backend }) => backend.id));
  return (kind, id) => (kind === 'group' ? groupIds : backendIds).has(id);
}
