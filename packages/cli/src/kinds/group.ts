import { Group_StrategySchema, GroupSchema } from '@trino-gateway/api/gateway';
import { readPages } from '../connection/read-pages.ts';
import { type Kind, yesNo } from './kind.ts';

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
  list: async ({ groups }) => {
    const { found } = await readPages(async (page) => {
      const { groups: items, nextPageToken } = await groups.listGroups(page);
      return { items, nextPageToken };
    });
    return found;
  },
  put: ({ groups }, group) => groups.putGroup({ group }),
  delete: ({ groups }, id, moveQueuedToGroupId = '') => groups.deleteGroup({ id, moveQueuedToGroupId }),
  enable: ({ groups }, id) => groups.enableGroup({ id }),
  disable: ({ groups }, id) => groups.disableGroup({ id }),
};
