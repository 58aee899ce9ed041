import { equals } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { type Backend, Backend_ScalerSchema, type GroupScaling } from '@trino-gateway/api/gateway';
import { describeError, every } from '@trino-gateway/runtime';
import { type ClockReading, clockJump } from '@trino-gateway/scaling';
import type { ConnectionState } from '../gatewayserver/connection-state.ts';
import type { Lead } from './lead.ts';
import { type Steering, steerGroup } from './steer-group.ts';

/** The loop of autoscaling. Disposal waits a few seconds for scalers that are being told something, then gives the lead up. */
export type ScalingLoop = AsyncDisposable & {
  /** Replaces the list, with their scalers. */
  setBackends(backends: readonly Backend[]): void;
};

export type ScalingLoopOptions = Omit<Steering, 'backendOf' | 'lead'> & {
  lead: Lead;
  intervalMs: number;
  connection: ConnectionState;
};

/** Where no group asks for autoscaling, and with a gatewayserver that does not know it. */
const IDLE_MS = 5_000;
/** For scalers that are being told something when the monitor stops. */
const GRACE_MS = 3_000;

/**
 * Takes or prolongs the lead again and again, and looks at each group while it has it. Groups wait neither for each other nor for
 * scalers; a group whose last look has not ended is left out. While the gatewayserver is away nothing is decided.
 */
export function runScaling(options: ScalingLoopOptions): ScalingLoop {
  const { lead, connection, intervalMs, logger, now, readings, tellings, warmUps } = options;
  let backends = new Map<string, Backend>();
  let idleUntil = Number.NEGATIVE_INFINITY;
  const steering: Steering = { ...options, backendOf: (id) => backends.get(id) };
  const looks = createLooks(steering, options);
  const loop = every(intervalMs, 'autoscaling', logger, async (signal) => {
    if (now() < idleUntil) return;
    try {
      const { leads, groups } = await lead.take(signal);
      connection.succeeded('scaling');
      if (leads && groups.length === 0) idleUntil = now() + IDLE_MS;
      looks.forgetOthers(groups);
      if (leads) looks.begin(groups, signal);
    } catch (error) {
      if (signal.aborted) return;
      // An older gatewayserver.
      if (ConnectError.from(error).code === Code.Unimplemented) idleUntil = now() + IDLE_MS;
      else connection.failed('scaling', error);
    }
  });
  return {
    setBackends: (list) => {
      backends = new Map(list.map((backend) => [backend.id, withSameScaler(backend, backends.get(backend.id))]));
    },
    [Symbol.asyncDispose]: async () => {
      await loop[Symbol.asyncDispose]();
      await looks.ended();
      await Promise.all([tellings.stop(GRACE_MS), warmUps.stop(0), readings.stop()]);
      await lead.resign();
    },
  };
}

/** Looks at groups, at most one at each at a time. */
function createLooks(steering: Steering, { connection, logger, readings, tellings, warmUps }: ScalingLoopOptions) {
  const running = new Map<string, Promise<void>>();
  const failing = new Set<string>();
  /** The clocks when a group was last looked at. */
  const clocks = new Map<string, ClockReading>();

  const look = async (group: GroupScaling, signal: AbortSignal) => {
    const reading = { databaseMs: group.now ? timestampMs(group.now) : 0, steadyMs: steering.now() };
    try {
      const decided = await steerGroup(group, clockJump(clocks.get(group.groupId), reading), steering, signal);
      if (decided) clocks.set(group.groupId, reading);
      if (failing.delete(group.groupId)) connection.succeeded(loopOf(group.groupId));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ConnectError) {
        failing.add(group.groupId);
        connection.failed(loopOf(group.groupId), error);
      } else logger.error('autoscaling of a group failed', { group: group.groupId, error: describeError(error) });
    } finally {
      running.delete(group.groupId);
    }
  };
  return {
    begin: (groups: readonly GroupScaling[], signal: AbortSignal) => {
      for (const group of groups) if (!running.has(group.groupId)) running.set(group.groupId, look(group, signal));
    },
    /** What is known of clusters that are in none of these groups. */
    forgetOthers: (groups: readonly GroupScaling[]) => {
      const ids = new Set(groups.flatMap(({ clusters }) => clusters.map(({ backendId }) => backendId)));
      for (const part of [readings, tellings, warmUps]) part.keepOnly(ids);
      const kept = new Set(groups.map(({ groupId }) => groupId));
      for (const id of clocks.keys()) if (!kept.has(id)) clocks.delete(id);
      for (const id of [...failing]) {
        if (kept.has(id)) continue;
        failing.delete(id);
        connection.succeeded(loopOf(id));
      }
    },
    ended: async () => {
      await Promise.all(running.values());
    },
  };
}

/** Where a group cannot be stored, that is a problem of its own. */
function loopOf(groupId: string): string {
  return `scaling ${groupId}`;
}

/** The list comes anew with each change: a scaler that is what it was is the same object. */
function withSameScaler(backend: Backend, before: Backend | undefined): Backend {
  const { scaler } = before ?? {};
  const isSame = scaler && backend.scaler && equals(Backend_ScalerSchema, scaler, backend.scaler);
  return isSame ? { ...backend, scaler } : backend;
}
