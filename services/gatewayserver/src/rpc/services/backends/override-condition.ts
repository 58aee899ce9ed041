import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type Backend,
  type BackendOverride,
  BackendOverrideSchema,
  type MarkHealthyRequest,
  type MarkUnhealthyRequest,
  type UpdateClusterLoadRequest,
} from '@trino-gateway/api/gateway';
import { checkedId, checkedNumber, checkedText } from '../../../configuration/validation.ts';
import { requireBackend } from '../require-backend.ts';
import type { BackendContext } from './backend-context.ts';
import { shownBackend } from './shown-backend.ts';

const OVERRIDE_MS = 600_000;
const LONGEST_OVERRIDE_MS = 7 * 86_400_000;
const REASON_LENGTH = 1_000;

type Overridden =
  | Pick<BackendOverride, 'healthy' | 'healthyUntil'>
  | Pick<BackendOverride, 'clusterLoad' | 'clusterLoadUntil'>;

/** An operator says that a backend is healthy, or that it is not. */
export function mark(
  context: BackendContext,
  request: MarkHealthyRequest | MarkUnhealthyRequest,
  healthy: boolean,
): Promise<Backend> {
  return override(context, request, (until) => ({ healthy, healthyUntil: timestampFromMs(until) }));
}

/** An operator says how loaded a backend is. */
export async function updateClusterLoad(context: BackendContext, request: UpdateClusterLoadRequest): Promise<Backend> {
  const clusterLoad = checkedNumber('cluster_load', request.clusterLoad, 0, Number.MAX_VALUE);
  return override(context, request, (until) => ({ clusterLoad, clusterLoadUntil: timestampFromMs(until) }));
}

async function override(
  context: BackendContext,
  { id, durationMs, reason }: { id: string; durationMs: number; reason: string },
  overriddenUntil: (until: number) => Overridden,
): Promise<Backend> {
  const { store, configuration, now } = context;
  checkedId(id);
  checkedNumber('duration_ms', durationMs, 0, LONGEST_OVERRIDE_MS);
  checkedText('reason', reason, REASON_LENGTH);
  await requireBackend(context, id);
  const parts = { ...overriddenUntil(now() + (durationMs || OVERRIDE_MS)), ...(reason !== '' && { reason }) };
  await store.conditions.putOverride(id, create(BackendOverrideSchema, parts));
  configuration.applyWrite('conditions', ({ overrides }) =>
    overrides.set(id, { ...(overrides.get(id) ?? create(BackendOverrideSchema)), ...parts }),
  );
  return shownBackend(await requireBackend(context, id), context);
}
