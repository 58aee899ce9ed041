import { create, equals } from '@bufbuild/protobuf';
import { type RoutingChain, RoutingChainSchema, RoutingStep_OnFailure } from '@trino-gateway/api/gateway';
import { HIDDEN_SECRET } from '@trino-gateway/api/sealed-secret';
import { withSecrets } from '@trino-gateway/api/secret-fields';
import type { Change } from './change.ts';
import { differences } from './differences.ts';

const NAME = 'routing chain';

/** The routing chain, and the call that brings it about. @param stored version 0 while none is */
export function chainChange(wanted: RoutingChain, stored: RoutingChain): Change {
  const isSame = isStoredAs(wanted, stored);
  const expected = stored.version === 0 ? 'created' : isSame ? 'unchanged' : 'changed';
  return {
    name: NAME,
    expected,
    differences: differences(
      RoutingChainSchema,
      expected === 'created' ? undefined : comparable(stored),
      comparable(wanted),
    ),
    async write({ routing }) {
      if (expected === 'unchanged' && (stored.managedBy !== '' || !showsSecret(wanted))) return expected;
      const { version } = await routing.putRoutingChain({ chain: wanted });
      return version === stored.version ? 'unchanged' : expected === 'created' ? expected : 'changed';
    },
  };
}

/** Why it cannot be changed here. */
export function chainRefusals(wanted: RoutingChain | undefined, stored: RoutingChain): string[] {
  if (!wanted || stored.managedBy === '' || isStoredAs(wanted, stored)) return [];
  return [`${NAME}: a configuration file of the gatewayserver declares it; change it there`];
}

/** Whether a Put would change nothing that reads show. */
function isStoredAs(wanted: RoutingChain, stored: RoutingChain): boolean {
  return equals(RoutingChainSchema, comparable(wanted), comparable(stored));
}

function comparable({ fallbackGroup, timeLimitMs, steps }: RoutingChain): RoutingChain {
  const filled = steps.map((step) => ({ ...step, onFailure: step.onFailure || RoutingStep_OnFailure.ABSTAIN }));
  const chain = create(RoutingChainSchema, { fallbackGroup, timeLimitMs, steps: filled });
  return withSecrets(RoutingChainSchema, chain, () => HIDDEN_SECRET);
}

/** Reads hide secrets: whether one differs cannot be seen, so it is written each time; the mask keeps the stored one. */
function showsSecret(chain: RoutingChain): boolean {
  let shows = false;
  withSecrets(RoutingChainSchema, chain, (secret) => {
    shows ||= secret !== HIDDEN_SECRET;
    return secret;
  });
  return shows;
}
