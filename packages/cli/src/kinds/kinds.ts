import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import {
  type Backend,
  BackendSchema,
  Group_StrategySchema,
  GroupSchema,
  PolicySchema,
} from '@trino-gateway/api/gateway';
import { policyRules } from '@trino-gateway/api/policy-rules';
import type { Gateway } from '../connection/gateway.ts';
import type { Printable } from '../output/print.ts';

/** A kind of object that is configured: how it is shown, and the calls that read and change it. */
export type Kind<Desc extends DescMessage = DescMessage> = Printable<Desc> & {
  readonly name: string;
  /** Fields that only answers have. */
  readonly outputOnly: readonly string[];
  get(gateway: Gateway, id: string): Promise<MessageShape<Desc>>;
  /** All of them, in the order of their ids. */
  list(gateway: Gateway): Promise<MessageShape<Desc>[]>;
  put(gateway: Gateway, object: MessageShape<Desc>): Promise<MessageShape<Desc>>;
  /** Those who wait in a group that is deleted go on in another one, if that is named. */
  delete(gateway: Gateway, id: string, moveQueuedToGroupId?: string): Promise<unknown>;
  enable(gateway: Gateway, id: string): Promise<unknown>;
  disable(gateway: Gateway, id: string): Promise<unknown>;
};

const PAGE_SIZE = 1_000;

/** Clusters. */
export const backendKind: Kind<typeof BackendSchema> = {
  name: 'backend',
  plural: 'backends',
  schema: BackendSchema,
  outputOnly: ['managedBy', 'condition'],
  heads: ['ID', 'AVAILABLE', 'URL', 'LOAD', 'LIVE', 'REASONS'],
  cells: ({ id, url, condition }: Backend) => [
    id,
    yesNo(condition?.available),
    url,
    condition?.status?.clusterLoad?.toFixed(1) ?? '-',
    String(condition?.liveQueries ?? 0),
    condition?.reasons.join('; ') ?? '',
  ],
  get: ({ backends }, id) => backends.getBackend({ id }),
  list: ({ backends }) =>
    allPages(async (page) => {
      const { backends: items, nextPageToken } = await backends.listBackends(page);
      return { items, nextPageToken };
    }),
  put: ({ backends }, backend) => backends.putBackend({ backend }),
  delete: ({ backends }, id) => backends.deleteBackend({ id }),
  enable: ({ backends }, id) => backends.enableBackend({ id }),
  disable: ({ backends }, id) => backends.disableBackend({ id }),
};

/** Sets of clusters. */
export const groupKind: Kind<typeof GroupSchema> = {
  name: 'group',
  plural: 'groups',
  schema: GroupSchema,
  outputOnly: ['managedBy'],
  heads: ['ID', 'ENABLED', 'STRATEGY', 'BACKENDS'],
  cells: ({ id, enabled, strategy, backendIds }) => [
    id,
    yesNo(enabled),
    Group_StrategySchema.value[strategy]?.name ?? String(strategy),
    backendIds.join(', '),
  ],
  get: ({ groups }, id) => groups.getGroup({ id }),
  list: ({ groups }) =>
    allPages(async (page) => {
      const { groups: items, nextPageToken } = await groups.listGroups(page);
      return { items, nextPageToken };
    }),
  put: ({ groups }, group) => groups.putGroup({ group }),
  delete: ({ groups }, id, moveQueuedToGroupId = '') => groups.deleteGroup({ id, moveQueuedToGroupId }),
  enable: ({ groups }, id) => groups.enableGroup({ id }),
  disable: ({ groups }, id) => groups.disableGroup({ id }),
};

/** What sends a query to a group. */
export const policyKind: Kind<typeof PolicySchema> = {
  name: 'policy',
  plural: 'policies',
  schema: PolicySchema,
  outputOnly: ['managedBy'],
  heads: ['ID', 'ENABLED', 'RULE', 'GROUP', 'FALLBACK', 'AUTH', 'SOURCE'],
  cells: (policy) => [
    policy.id,
    yesNo(policy.enabled),
    policyRules.describe(policy.rule),
    policy.groupId,
    policy.fallbackGroupId || '-',
    policy.authDelegated ? 'delegated' : '-',
    policy.requestSource || '-',
  ],
  get: ({ policies }, id) => policies.getPolicy({ id }),
  list: ({ policies }) =>
    allPages(async (page) => {
      const { policies: items, nextPageToken } = await policies.listPolicies(page);
      return { items, nextPageToken };
    }),
  put: ({ policies }, policy) => policies.putPolicy({ policy }),
  delete: ({ policies }, id) => policies.deletePolicy({ id }),
  enable: ({ policies }, id) => policies.enablePolicy({ id }),
  disable: ({ policies }, id) => policies.disablePolicy({ id }),
};

/** In the order in which they may refer to each other. */
export const KINDS: readonly Kind[] = [backendKind, groupKind, policyKind];

async function allPages<Item>(
  ask: (page: { pageSize: number; pageToken: string }) => Promise<{ items: Item[]; nextPageToken: string }>,
): Promise<Item[]> {
  const all: Item[] = [];
  let pageToken = '';
  do {
    const { items, nextPageToken } = await ask({ pageSize: PAGE_SIZE, pageToken });
    all.push(...items);
    pageToken = nextPageToken;
  } while (pageToken !== '');
  return all;
}

function yesNo(value: boolean | undefined): string {
  return value ? 'yes' : 'no';
}
