import { clone } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import {
  type Backend,
  type BackendService,
  type BackendStatus,
  BackendStatus_StateSchema,
  BackendStatusSchema,
  BackendStatus_State as State,
  type SuiteService,
} from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import { withoutQuoted } from '../clusters/describe-failure.ts';
import type { Outbox } from '../gatewayserver/outbox.ts';
import type { Finding } from '../probing/assess-health.ts';

/** Where findings go: to the gatewayserver each of them, to the log when something changed. */
export type Reports = {
  found(backend: Backend, finding: Finding): void;
  /** How many queries run there without a slot, by a look between two findings; undefined while unknown. */
  foreign(backendId: string, running: number | undefined): void;
  /** The backend is no longer watched: what was not told yet is of no interest. */
  gone(backendId: string): void;
};

export type ReportsOptions = {
  backends: Pick<Client<typeof BackendService>, 'reportBackendStatus'>;
  suite: Pick<Client<typeof SuiteService>, 'recordIncarnation'>;
  outbox: Outbox;
  logger: Logger;
  /** What the schedule of a backend says; undefined when it has none. */
  scheduledUp: (backendId: string) => boolean | undefined;
};

/** A life that goes on is told again so often: the gatewayserver forgets those nobody has seen for long. */
const RETELL_MS = 600_000;

/** Nothing told yet. */
export function createReports({ backends, suite, outbox, logger, scheduledUp }: ReportsOptions): Reports {
  // Not healthy, and not said: outside its schedule a cluster may be switched off.
  const unsaid = new Set<string>();
  const last = new Map<string, BackendStatus>();
  const foreign = new Map<string, number>();
  const lives = new Map<string, { key: string; toldAt: number }>();

  const tellLife = ({ id: backendId, url }: Backend, suffix: string) => {
    const key = `life ${backendId} ${suffix} ${url}`;
    const last = lives.get(backendId);
    if (last?.key === key && performance.now() - last.toldAt < RETELL_MS) return;
    lives.set(backendId, { key, toldAt: performance.now() });
    outbox.put(key, (signal) => suite.recordIncarnation({ suffix, backendId, url }, { signal }));
  };
  const tell = (found: BackendStatus) => {
    const status = clone(BackendStatusSchema, found);
    const running = foreign.get(status.backendId);
    if (running !== undefined) status.foreignRunning = running;
    outbox.put(statusKey(status.backendId), (signal) => backends.reportBackendStatus({ status }, { signal }));
  };
  return {
    found: (backend, { status, changed }) => {
      if (status.coordinatorId !== '' && status.state !== State.UNREACHABLE) tellLife(backend, status.coordinatorId);
      last.set(backend.id, status);
      if (status.state === State.UNREACHABLE) foreign.delete(backend.id);
      tell(status);
      if (!status.healthy && scheduledUp(backend.id) === false) {
        if (changed) unsaid.add(backend.id);
        return;
      }
      if (!unsaid.delete(backend.id) && !changed) return;
      const fields = {
        backend: backend.id,
        state: BackendStatus_StateSchema.value[status.state]?.name,
        healthy: status.healthy,
        ...(status.reason ? { reason: withoutQuoted(status.reason) } : {}),
      };
      const isExpected = status.healthy || status.state === State.STARTING || status.state === State.PROBATION;
      if (isExpected) logger.info('a backend has changed', fields);
      else logger.warn('a backend has changed', fields);
    },
    foreign: (backendId, running) => {
      if (foreign.get(backendId) === running) return;
      if (running === undefined) foreign.delete(backendId);
      else foreign.set(backendId, running);
      const status = last.get(backendId);
      if (status) tell(status);
    },
    gone: (backendId) => {
      last.delete(backendId);
      foreign.delete(backendId);
      outbox.drop(statusKey(backendId));
      lives.delete(backendId);
      unsaid.delete(backendId);
    },
  };
}

function statusKey(backendId: string): string {
  return `status ${backendId}`;
}
