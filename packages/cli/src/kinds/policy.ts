import { PolicySchema } from '@trino-gateway/api/gateway';
import { policyRules } from '@trino-gateway/api/policy-rules';
import { readPages } from '../connection/read-pages.ts';
import { type Kind, yesNo } from './kind.ts';

/** Which requests may use which group. */
export const policyKind: Kind<typeof PolicySchema> = {
  name: 'policy',
  plural: 'policies',
  schema: PolicySchema,
  outputOnly: ['managedBy'],
  heads: ['ID', 'ENABLED', 'RULE', 'GROUP', 'FALLBACK', 'AUTH', 'SOURCE'],
  cells: ({ id, enabled, rule, groupId, fallbackGroupId, authDelegated, requestSource }) => [
    id,
    yesNo(enabled),
    policyRules.describe(rule),
    groupId,
    fallbackGroupId || '-',
    authDelegated ? 'delegated' : '-',
    requestSource || '-',
  ],
  get: ({ policies }, id) => policies.getPolicy({ id }),
  list: async ({ policies }) => {
    const { found } = await readPages(async (page) => {
      const { policies: items, nextPageToken } = await policies.listPolicies(page);
      return { items, nextPageToken };
    });
    return found;
  },
  put: ({ policies }, policy) => policies.putPolicy({ policy }),
  delete: ({ policies }, id) => policies.deletePolicy({ id }),
  enable: ({ policies }, id) => policies.enablePolicy({ id }),
  disable: ({ policies }, id) => policies.disablePolicy({ id }),
};
