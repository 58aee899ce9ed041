import { clone, create } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import {
  type Backend,
  type BackendEvidence,
  type BackendService,
  type BackendStatus,
  BackendStatusSchema,
  BackendStatus_State as State,
  type SuiteService,
} from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import type { Evidence } from '../drains/watch-drains.ts';
import type { Outbox } from '../gatewayserver/outbox.ts';
import type { HealthAssessment } from '../probing/assess-health.ts';
import { createChangeLog } from './change-log.ts';
import { createIncarnationReports } from './incarnation-reports.ts';

/** Where assessments go: each of them to the gatewayserver, changes also to the log. */
export type StatusReports = {
  assessed(backend: Backend, assessment: HealthAssessment): void;
  /** How many queries run there without a lease, counted between two probes; undefined while unknown. */
  externalRunning(backendId: string, running: number | undefined): void;
  /** What the cluster says ties it; undefined when it is no longer asked. */
  evidence(backend: Pick<Backend, 'id'>, evidence: Evidence | undefined): void;
  /** The backend is no longer watched: what was not reported yet is of no interest. */
  forget(backendId: string): void;
};

export type StatusReportsOptions = {
  backends: Pick<Client<typeof BackendService>, 'reportBackendStatus'>;
  suite: Pick<Client<typeof SuiteService>, 'recordIncarnation'>;
  outbox: Outbox;
  logger: Logger;
  /** A backend is expected to be off, by its schedule or by autoscaling. */
  mayBeAway: (backendId: string) => boolean;
};

/** Nothing reported yet. */
export function createStatusReports(options: StatusReportsOptions): StatusReports {
  const { backends, suite, outbox, logger, mayBeAway } = options;
  const changeLog = createChangeLog(mayBeAway, logger);
  const incarnations = createIncarnationReports(suite, outbox);
  const last = new Map<string, BackendStatus>();
  const external = new Map<string, number>();
  const evidence = new Map<string, Evidence>();

  const report = (found: BackendStatus) => {
    const status = clone(BackendStatusSchema, found);
    const running = external.get(status.backendId);
    if (running !== undefined) status.foreignRunning = running;
    const known = evidence.get(status.backendId);
    outbox.put(keyOf(status.backendId), (signal) => {
      if (known) status.evidence = evidenceNow(known);
      return backends.reportBackendStatus({ status }, { signal });
    });
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
    evidence: ({ id }, found) => {
      if (found) evidence.set(id, found);
      else if (!evidence.delete(id)) return;
      const status = last.get(id);
      // Without a status of its own: it is disabled, and so not probed.
      if (status || found) report(status ?? create(BackendStatusSchema, { backendId: id }));
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

/** As of the moment at which it is sent. */
function evidenceNow({ said, askedAt }: Evidence): BackendEvidence {
  return { ...said, ageMs: Math.ceil(performance.now() - askedAt) };
}

function keyOf(backendId: string): string {
  return `status ${backendId}`;
}
