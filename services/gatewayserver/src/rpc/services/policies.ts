import type { ServiceImpl } from '@connectrpc/connect';
import type { Policy, PolicyService } from '@trino-gateway/api/gateway';
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
import { type ClientRequest, readRequest } from '../../routing/request.ts';
import { evaluatePolicies, matchingPolicies } from '../../routing/steps/policies/verdict.ts';
import type { RpcContext } from './context.ts';
import { pageOf } from './paging.ts';

/** Which requests may use which group. */
export function policyService({
  store,
  configuration,
  decisions,
}: Pick<RpcContext, 'store' | 'configuration' | 'decisions'>): ServiceImpl<typeof PolicyService> {
  const inForce = (stored: Policy): Policy => {
    configuration.wrote('configuration', ({ policies }) => policies.set(stored.id, stored));
    return stored;
  };
  const setEnabled = async (id: string, enabled: boolean) => {
    checkedId(id);
    return inForce(
      found('policy', id, await store.configuration.change(({ policies }) => policies.setEnabled(id, enabled))),
    );
  };
  return {
    async putPolicy(request) {
      const wanted = checked('policy', request.policy, policyProblems);
      return inForce(
        await store.configuration.change(async ({ groups, policies }) => {
          refuseDeclared('policy', await policies.get(wanted.id));
          const exists = async (id: string) => id === '' || (await groups.get(id)) !== undefined;
          await refuseDangling('policy.group_id', 'groups', [wanted.groupId], exists);
          await refuseDangling('policy.fallback_group_id', 'groups', [wanted.fallbackGroupId], exists);
          return policies.put(storablePolicy(wanted, ''));
        }),
      );
    },

    async getPolicy({ id }) {
      return found('policy', checkedId(id), configuration.known.policies.get(id));
    },

    async listPolicies(request) {
      const { page, nextPageToken } = pageOf(configuration.known.policies, request);
      return { policies: page, nextPageToken };
    },

    async deletePolicy({ id }) {
      checkedId(id);
      await store.configuration.change(async ({ policies }) => {
        refuseDeclared('policy', found('policy', id, await policies.get(id)));
        await policies.delete(id);
      });
      configuration.wrote('configuration', ({ policies }) => policies.delete(id));
      return {};
    },

    enablePolicy: ({ id }) => setEnabled(id, true),
    disablePolicy: ({ id }) => setEnabled(id, false),

    async evaluateGroupsForClient(request) {
      const verdict = evaluatePolicies(configuration.snapshot().policies, readRequest(checkedClient(request)));
      return {
        groupIds: [...verdict.groupIds],
        fallbackGroupIds: [...verdict.fallbackGroupIds],
        policyIds: matchingPolicies(verdict).map(({ id }) => id),
      };
    },

    async evaluateAuthDelegationForClient({ listeningPort, host }) {
      checkedClient({ listeningPort, host, headers: [] });
      return {
        authDelegated: configuration
          .snapshot()
          .authentication.atEntryPoint({ listeningPort, host: comparableHost(host) }),
      };
    },

    async evaluateRequestSourceForClient(request) {
      const outcome = decisions.dryRun({ ...checkedClient(request), user: '' });
      return outcome.kind !== 'refused' ? { requestSource: outcome.requestSource, groupId: outcome.groupId } : {};
    },
  };
}

/** A client's request as far as policies look at it; no port at all is 0. */
export function checkedClient<Request extends ClientRequest>(request: Request): Request {
  checkedNumber('listening_port', request.listeningPort, 0, 65_535);
  checkedText('host', request.host, 1_000);
  return request;
}
