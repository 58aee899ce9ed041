import { clone } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import {
  type Backend,
  type BackendService,
  type BackendStatus,
  BackendStatusSchema,
  BackendStatus_State as State,
  type SuiteService,
} from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import type { Outbox } from '../gatewayserver/outbox.ts';
import type { HealthAssessment } from '../probing/assess-health.ts';
import { createChangeLog } from './change-log.ts';
import { createIncarnationReports } from './incarnation-reports.ts';

/** Where assessments go: each of them to the gatewayserver, changes also to the log. */
export type StatusReports = {
  assessed(backend: Backend, assessment: HealthAssessment): void;
  /** How many queries run there without a lease, counted between two probes; undefined while unknown. */
  externalRunning(backendId: string, running: number | undefined): void;
  /** The backend is no longer watched: what was not reported yet is of no interest. */
  forget(backendId: string): void;
};

export type StatusReportsOptions = {
  backends: Pick<Client<typeof BackendService>, 'reportBackendStatus'>;
  suite: Pick<Client<typeof SuiteService>, 'recordIncarnation'>;
  outbox: Outbox;
  logger: Logger;
  /** What the schedule of a backend says; undefined when it has none. */
  scheduledUp: (backendId: string) => boolean | undefined;
};

/** Nothing reported yet. */
export function createStatusReports(options: StatusReportsOptions): StatusReports {
  const { backends, suite, outbox, logger, scheduledUp } = options;
  const changeLog = createChangeLog(scheduledUp, logger);
  const incarnations = createIncarnationReports(suite, outbox);
  const last = new Map<string, BackendStatus>();
  const external = new Map<string, number>();

  const report = (found: BackendStatus) => {
    const status = clone(BackendStatusSchema, found);
    const running = external.get(status.backendId);
    if (running !== undefined) status.foreignRunning = running;
    outbox.put(keyOf(status.backendId), (signal) => backends.reportBackendStatus({ status }, { signal }));
  };
  return {
    assessed: (backend, assessment) => {
      const { status } = assessment;
      const isReachable = status.state !== State.UNREACHABLE;
      if (status.coordinatorId !== '' && isReachable) incarnations.seen(backend, status.coordinatorId);
      last.set(backend.id, status);
      if (!isReachable) external.delete(backend.id);
      report(status);
      changeLog.assessed(backend.id, assessment);
    },
    externalRunning: (backendId, running) => {
      if (external.get(backendId) === running) return;
      if (running === undefined) external.delete(backendId);
      else external.set(backendId, running);
      const status = last.get(backendId);
      if (status) report(status);
    },
    forget: (backendId) => {
      last.delete(backendId);
      external.delete(backendId);
      outbox.drop(keyOf(backendId));
      incarnations.forget(backendId);
      changeLog.forget(backendId);
    },
  };
}

function keyOf(backendId: string): string {
  return `status ${backendId}`;
}
