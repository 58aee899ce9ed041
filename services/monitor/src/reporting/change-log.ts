import {
  type BackendStatus,
  BackendStatus_StateSchema,
  BackendStatus_State as State,
} from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import { withoutQuoted } from '../clusters/describe-failure.ts';
import type { HealthAssessment } from '../probing/assess-health.ts';

/** Logs the changes of backends. */
export type ChangeLog = {
  assessed(backendId: string, assessment: HealthAssessment): void;
  forget(backendId: string): void;
};

/**
 * Nothing logged yet. Outside its schedule, and where autoscaling has it stopped, a cluster may be switched off: its failures are
 * logged when it should be up.
 */
export function createChangeLog(mayBeAway: (backendId: string) => boolean, logger: Logger): ChangeLog {
  const held = new Set<string>();
  return {
    assessed: (backendId, { status, changed }) => {
      if (!status.healthy && mayBeAway(backendId)) {
        if (changed) held.add(backendId);
      } else if (held.delete(backendId) || changed) logChange(backendId, status, logger);
    },
    forget: (backendId) => void held.delete(backendId),
  };
}

function logChange(backend: string, { state, healthy, reason }: BackendStatus, logger: Logger): void {
  const fields = {
    backend,
    state: BackendStatus_StateSchema.value[state]?.name,
    healthy,
    ...(reason ? { reason: withoutQuoted(reason) } : {}),
  };
  if (healthy) logger.info('a backend is up', fields);
  else if (state === State.STARTING || state === State.PROBATION) logger.info('a backend is starting', fields);
  else logger.warn('a backend is down', fields);
}
