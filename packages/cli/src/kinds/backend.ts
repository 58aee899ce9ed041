import { type Backend, BackendSchema } from '@trino-gateway/api/gateway';
import { readPages } from '../connection/read-pages.ts';
import { type Kind, yesNo } from './kind.ts';

/** Clusters. */
export const backendKind: Kind<typeof BackendSchema> = {
  name: 'backend',
  plural: 'backends',
  schema: BackendSchema,
  outputOnly: ['managedBy', 'condition', 'discovery'],
  heads: ['ID', 'AVAILABLE', 'URL', 'LOAD', 'LIVE', 'REASONS'],
  cells: ({ id, url, condition }: Backend) => [
    id,
    yesNo(condition?.available),
    url,
    condition?.status?.clusterLoad?.toFixed(1) ?? '-',
    String(condition?.liveQueries ?? 0),
    [...(condition?.reasons ?? []), condition?.notice ?? ''].filter((text) => text !== '').join('; '),
  ],
  get: ({ backends }, id) => backends.getBackend({ id }),
  list: async ({ backends }) => {
    const { found } = await readPages(async (page) => {
      const { backends: items, nextPageToken } = await backends.listBackends(page);
      return { items, nextPageToken };
    });
    return found;
  },
  put: ({ backends }, backend) => backends.putBackend({ backend }),
  delete: ({ backends }, id) => backends.deleteBackend({ id }),
  enable: ({ backends }, id) => backends.enableBackend({ id }),
  disable: ({ backends }, id) => backends.disableBackend({ id }),
};
