import { type Group, Group_StrategySchema, GroupSchema } from '@trino-gateway/api/gateway';
import { readPages } from '../connection/read-pages.ts';
import { shortDuration } from '../output/short-duration.ts';
import { type Kind, yesNo } from './kind.ts';

/** Sets of clusters. */
export const groupKind: Kind<typeof GroupSchema> = {
  name: 'group',
  plural: 'groups',
  schema: GroupSchema,
  outputOnly: ['managedBy', 'discoveredBackendIds'],
  heads: ['ID', 'ENABLED', 'STRATEGY', 'ALLOWED', 'SPILLS OVER', 'LIMITS', 'BACKENDS'],
  cells: (group) => [
    group.id,
    yesNo(group.enabled),
    Group_StrategySchema.value[group.strategy]?.name ?? String(group.strategy),
    allowedCell(group),
    spillOverCell(group),
    limitsCell(group),
    group.backendIds.join(', '),
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

const SHOWN = 3;

function allowedCell({ allowed }: Group): string {
  if (!allowed) return 'everybody';
  const { users, userPatterns, sourcePatterns, observe } = allowed;
  const who = [...users, ...userPatterns.map((pattern) => `/${pattern}/`)];
  const shown =
    who.length > SHOWN ? `${who.slice(0, SHOWN).join(', ')} and ${who.length - SHOWN} more` : who.join(', ');
  const from = sourcePatterns.length > 0 ? `from ${sourcePatterns.map((pattern) => `/${pattern}/`).join(', ')}` : '';
  return [shown, from, observe ? '(observed)' : ''].filter((text) => text !== '').join(' ');
}

function spillOverCell({ spillOverGroupId, spillOverAfterMs }: Group): string {
  if (spillOverGroupId === '') return '-';
  return spillOverAfterMs === 0 ? spillOverGroupId : `${spillOverGroupId} after ${shortDuration(spillOverAfterMs)}`;
}

function limitsCell({ maxRunningQueriesPerBackend: each, queue, observeLimits }: Group): string {
  const limits = [
    each > 0 ? `${each} on each` : '',
    queue?.perUserMaxRunning ? `${queue.perUserMaxRunning} of a user` : '',
    queue?.maxQueued ? `${queue.maxQueued} wait` : '',
  ].filter((text) => text !== '');
  if (limits.length === 0) return '-';
  return `${limits.join(', ')}${observeLimits ? ' (observed)' : ''}`;
}
