import type { BackendOverride, BackendSchedule, BackendStatus } from '@trino-gateway/api/gateway';

/** What the monitor found, what it read from schedules, and what operators overrode, read at one moment. */
export type Conditions = {
  statuses: BackendStatus[];
  schedules: BackendSchedule[];
  overrides: Map<string, BackendOverride>;
};

/** The conditions of backends: three tables with one writer each. Nothing is stored about a backend that does not exist. */
export type ConditionStore = {
  read(): Promise<{ revision: number } & Conditions>;
  /** Replaces the monitor's finding about its backend. An older observation than the stored one changes nothing. */
  putStatus(status: BackendStatus): Promise<void>;
  /** What the monitor read from the schedule of its backend; as with putStatus, an older one changes nothing. */
  putSchedule(schedule: BackendSchedule): Promise<void>;
  /** Fills in the parts that are set (a value together with its expiry, the reason); the others stay. */
  putOverride(backendId: string, override: BackendOverride): Promise<void>;
};
