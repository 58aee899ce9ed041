import {
  ScalingEvent_Kind as Kind,
  ScalingEvent_KindSchema as KindSchema,
  type ScalingEvent,
} from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';

const WARNINGS: ReadonlySet<Kind> = new Set([Kind.START_FAILED, Kind.BECAME_UNHEALTHY, Kind.FORCE_STOPPED]);

/** A line for each. */
export function logEvents(events: readonly ScalingEvent[], logger: Pick<Logger, 'info' | 'warn'>): void {
  for (const { kind, groupId: group, backendId: backend, reason } of events) {
    const log = WARNINGS.has(kind) ? logger.warn : logger.info;
    log('autoscaling', { event: KindSchema.value[kind]?.name, group, ...(backend && { backend }), reason });
  }
}
