import type { BackendOverride, BackendSchedule, BackendStatus, ConnectionReport } from '@trino-gateway/api/gateway';
import type { ScalingState } from './scaling.ts';

/** What the monitor found, what it read from schedules, what operators overrode, what routers saw of connections, and where autoscaling is, read at one moment. */
export type Conditions = {
  statuses: BackendStatus[];
  schedules: BackendSchedule[];
  overrides: Map<string, BackendOverride>;
  /** By backend id, then router id. */
  connections: ConnectionReport[];
  scaling: ScalingState;
};

/** The conditions of backends: tables with one writer each, those of autoscaling among them, which ScalingStore writes. Nothing is stored about a backend that does not exist. */
export type ConditionStore = {
  read(): Promise<{ revision: number } & Conditions>;
  /** Replaces the monitor's finding about its backend. An older observation than the stored one changes nothing. */
  putStatus(status: BackendStatus): Promise<void>;
  /** What the monitor read from the schedule of its backend; as with putStatus, an older one changes nothing. */
  putSchedule(schedule: BackendSchedule): Promise<void>;
  /** Fills in the parts that are set (a value together with its expiry, the reason); the others stay. */
  putOverride(backendId: string, override: BackendOverride): Promise<void>;
  /**
   * What one router told of its connections, each in a row of its own; an earlier report of that router changes nothing. Reports about the same backends
   * that are older than an hour are deleted.
   */
  putConnections(reports: readonly ConnectionReport[]): Promise<void>;
};
