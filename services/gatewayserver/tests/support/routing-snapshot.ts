import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  BackendSchema,
  BackendStatusSchema,
  type Group_Strategy,
  GroupSchema,
  type Policy,
  PolicySchema,
} from '@trino-gateway/api/gateway';
import { askChain } from '../../src/decisions/ask-chain.ts';
import { routedQuery, type SubmittedQuery } from '../../src/routing/chain/routed-query.ts';
import { type CompiledChain, createChainCompiler } from '../../src/routing/chain/routing-chain.ts';
import type { Circumstances } from '../../src/routing/circumstances.ts';
import { decide } from '../../src/routing/decide.ts';
import { indexConfiguration } from '../../src/routing/indexed-configuration.ts';
import type { Outcome } from '../../src/routing/outcome.ts';
import { createSnapshot } from '../../src/routing/snapshot.ts';
import { stepKinds } from '../../src/routing/steps/registry.ts';

export const NOW = 10_000_000;
export const MAX_AGE = 60_000;

/** `up`: ids of available backends; the others were never probed. Groups: id to members, `!` behind a disabled one. */
export function snapshotOf(given: {
  up: string[];
  down?: string[];
  groups: Record<string, string[]>;
  policies?: Policy[];
  strategy?: Group_Strategy;
  /** What groups have besides, by id. */
  more?: Record<string, MessageInitShape<typeof GroupSchema>>;
}) {
  const ids = [...given.up, ...(given.down ?? [])];
  const groups = Object.entries(given.groups).map(([name, backendIds]) => {
    const id = name.replace('!', '');
    return create(GroupSchema, {
      id,
      enabled: !name.endsWith('!'),
      backendIds,
      strategy: given.strategy ?? 0,
      ...given.more?.[id],
    });
  });
  return createSnapshot(
    indexConfiguration({
      backends: new Map(
        ids.map((id) => [id, { backend: create(BackendSchema, { id, enabled: true }), draining: false }]),
      ),
      groups: new Map(groups.map((group) => [group.id, group])),
      policies: new Map((given.policies ?? []).map((policy) => [policy.id, policy])),
    }),
    {
      statuses: new Map(
        given.up.map((id) => [
          id,
          create(BackendStatusSchema, {
            backendId: id,
            healthy: true,
            clusterLoad: 1,
            observedAt: timestampFromMs(NOW - 5),
          }),
        ]),
      ),
      schedules: new Map(),
      overrides: new Map(),
      clusterScaling: new Map(),
      groupScaling: new Map(),
    },
    MAX_AGE,
  );
}
export const policy = (
  id: string,
  groupId: string,
  given: Omit<MessageInitShape<typeof PolicySchema>, '$typeName' | 'id' | 'groupId'> = {},
) => create(PolicySchema, { id, groupId, enabled: true, rule: { case: 'listeningPort', value: 8080 }, ...given });
export const circumstances = (given: Partial<Circumstances> = {}): Circumstances => ({
  now: NOW,
  chance: 0,
  cursor: () => 0,
  live: { live: () => 0, startedSince: () => 0 },
  ...given,
});
const policiesAlone = createChainCompiler(stepKinds).compile(undefined);
export const decided = (
  snapshot: Parameters<typeof decide>[2],
  given: Partial<Circumstances> & {
    defaultGroupId?: string | undefined;
    user?: string;
    headers?: SubmittedQuery['headers'];
    chain?: CompiledChain;
  } = {},
  listeningPort = 8080,
): Outcome => {
  const {
    defaultGroupId,
    user = 'u',
    headers = [],
    chain = policiesAlone,
    ...around
  } = { ...circumstances(given), ...given };
  const submitted = { listeningPort, host: 'gw', headers, user, statement: 'SELECT 1', clientIp: '' };
  const query = routedQuery(submitted, around.now);
  const asking = { snapshot, chance: around.chance, defaultGroupId };
  const answer = askChain(chain, query, asking);
  if (answer instanceof Promise) throw new Error('policies answer at once');
  return decide(query, answer, snapshot, around);
};
export const steps = (outcome: Outcome) => outcome.reasons.map(({ step, outcome: said }) => [step, said]);
