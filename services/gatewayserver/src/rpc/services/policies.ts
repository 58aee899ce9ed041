import type { ServiceImpl } from '@connectrpc/connect';
import type {
  DeletePolicyRequest,
  EvaluateAuthDelegationForClientRequest,
  EvaluateGroupsForClientRequest,
  Policy,
  PolicyService,
  PutPolicyRequest,
} from '@trino-gateway/api/gateway';
import { policyProblems } from '@trino-gateway/api/validation';
import { comparableHost } from '@trino-gateway/trino/host';
import { storablePolicy } from '../../configuration/stored-objects.ts';
import {
  checked,
  checkedId,
  checkedNumber,
  checkedText,
  found,
  refuseDangling,
  refuseDeclared,
} from '../../configuration/validation.ts';
import { type ClientRequest, readRequest } from '../../routing/chain/routed-query.ts';
import { createChainCompiler } from '../../routing/chain/routing-chain.ts';
import { evaluatePolicies, matchingPolicies } from '../../routing/policies/verdict.ts';
import { stepKinds } from '../../routing/steps/registry.ts';
import { asOf } from './as-of.ts';
import type { RpcContext, Tables } from './context.ts';
import { pageOf } from './paging.ts';

/** Other steps of the chain do not count for what policies say of a client. */
const policiesAlone = createChainCompiler(stepKinds).compile(undefined);

type Context = Pick<RpcContext, 'configuration' | 'decisions'> & Tables<'configuration'>;

/** Which requests may use which group. */
export function policyService(context: Context): ServiceImpl<typeof PolicyService> {
  const { known } = context.configuration;
  return {
    putPolicy: (request) => putPolicy(context, request),
    getPolicy: async ({ id }) => found('policy', checkedId(id), known.policies.get(id)),
    listPolicies: async (request) => {
      const { page, nextPageToken } = pageOf(known.policies, request);
      return { policies: page, nextPageToken, ...asOf(context) };
    },
    deletePolicy: (request) => deletePolicy(context, request),
    enablePolicy: ({ id }) => setEnabled(context, id, true),
    disablePolicy: ({ id }) => setEnabled(context, id, false),
    evaluateGroupsForClient: (request) => evaluateGroups(context, request),
    evaluateAuthDelegationForClient: (request) => evaluateAuthDelegation(context, request),
    evaluateRequestSourceForClient: async (request) => {
      const query = { ...checkedClient(request), user: '', statement: '', clientIp: '' };
      const outcome = await context.decisions.dryRun(query, policiesAlone);
      return outcome.kind !== 'refused' ? { requestSource: outcome.requestSource, groupId: outcome.groupId } : {};
    },
  };
}

async function putPolicy(context: Context, { policy }: PutPolicyRequest): Promise<Policy> {
  const wanted = checked('policy', policy, policyProblems);
  const stored = await context.store.configuration.change(async ({ groups, policies }) => {
    refuseDeclared('policy', await policies.get(wanted.id));
    const exists = async (id: string) => id === '' || (await groups.get(id)) !== undefined;
    await refuseDangling('policy.group_id', 'groups', [wanted.groupId], exists);
    await refuseDangling('policy.fallback_group_id', 'groups', [wanted.fallbackGroupId], exists);
    return policies.put(storablePolicy(wanted, ''));
  });
  return inForce(context, stored);
}

async function deletePolicy({ store, configuration }: Context, { id }: DeletePolicyRequest) {
  checkedId(id);
  await store.configuration.change(async ({ policies }) => {
    refuseDeclared('policy', found('policy', id, await policies.get(id)));
    await policies.delete(id);
  });
  configuration.applyWrite('configuration', ({ policies }) => policies.delete(id));
  return {};
}

async function setEnabled(context: Context, id: string, enabled: boolean): Promise<Policy> {
  checkedId(id);
  const stored = await context.store.configuration.change(({ policies }) => policies.setEnabled(id, enabled));
  return inForce(context, found('policy', id, stored));
}

/** Puts what was stored in force here. */
function inForce({ configuration }: Context, stored: Policy): Policy {
  configuration.applyWrite('configuration', ({ policies }) => policies.set(stored.id, stored));
  return stored;
}

async function evaluateGroups({ configuration }: Context, request: EvaluateGroupsForClientRequest) {
  const verdict = evaluatePolicies(configuration.snapshot().policies, readRequest(checkedClient(request)));
  return {
    groupIds: [...verdict.groupIds],
    fallbackGroupIds: [...verdict.fallbackGroupIds],
    policyIds: matchingPolicies(verdict).map(({ id }) => id),
  };
}

async function evaluateAuthDelegation(
  { configuration }: Context,
  { listeningPort, host }: EvaluateAuthDelegationForClientRequest,
) {
  checkedClient({ listeningPort, host, headers: [] });
  const { authentication } = configuration.snapshot();
  return { authDelegated: authentication.atEntryPoint({ listeningPort, host: comparableHost(host) }) };
}

/** A client's request as far as policies look at it; no port at all is 0. */
export function checkedClient<Request extends ClientRequest>(request: Request): Request {
  checkedNumber('listening_port', request.listeningPort, 0, 65_535);
  checkedText('host', request.host, 1_000);
  return request;
}
