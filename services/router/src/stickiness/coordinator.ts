import type { Backend_ForwardedHeaders, SnapshotBackend } from '@trino-gateway/api/gateway';

/** A coordinator that requests can be sent to. */
export type Coordinator = { backendId: string; url: string; forwardedHeaders: Backend_ForwardedHeaders };

/** One run of a coordinator process: all its query ids end in the suffix. */
export type Incarnation = Coordinator & { suffix: string };

/** The coordinator that a backend stands for now. */
export const coordinatorOf = ({
  id,
  url,
  forwardedHeaders,
}: Pick<SnapshotBackend, 'id' | 'url' | 'forwardedHeaders'>): Coordinator => ({
  backendId: id,
  url,
  forwardedHeaders,
});

/** Identifies an incarnation: the same suffix may exist at two addresses. */
export const keyOf = ({ suffix, url }: Pick<Incarnation, 'suffix' | 'url'>): string => `${suffix} ${url}`;
