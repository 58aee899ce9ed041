import type { Backend, BackendOverride, BackendSchedule, BackendStatus } from '@trino-gateway/api/gateway';
import { BackendStatus_StateSchema } from '@trino-gateway/api/gateway';
import { type Phase, phaseAt } from './schedule-phase.ts';
import { epochMs, isoTime } from './timestamps.ts';

/** What availability is computed from. Times are epoch milliseconds. */
export type BackendFacts = {
  backend: Backend;
  draining: boolean;
  /** The monitor's last finding; absent before the first probe. */
  status: BackendStatus | undefined;
  /** What the monitor read from its schedule, perhaps from an older one; absent when it never did. */
  schedule: BackendSchedule | undefined;
  /** As stored: the parts that have expired are still in it. */
  override: BackendOverride | undefined;
};

/** Whether a backend takes new queries, and until when that holds. */
export type Assessment = {
  available: boolean;
  /** The load to compare and rank by; undefined when unknown or too old. */
  load: number | undefined;
  /** True when an operator set the load: it then counts as it is. */
  loadIsSet: boolean;
  /** When this may change by the mere passing of time; Infinity when it does not. */
  until: number;
};

/** The facts, and what of them holds at the time that is asked for. */
type FactsInForce = BackendFacts & {
  /** By an operator. */
  markedHealthy: boolean | undefined;
  load: number | undefined;
  loadIsSet: boolean;
  phase: Phase | undefined;
};

/** Every condition of availability, with the sentence that says why not, and more for operators. */
const conditions: readonly {
  holds: (facts: FactsInForce) => boolean;
  whyNot: (facts: FactsInForce) => string;
  /** In the words of a cluster or of the network, which may name addresses. */
  detail?: (facts: FactsInForce) => string | undefined;
}[] = [
  { holds: ({ backend }) => backend.enabled !== false, whyNot: () => 'it is disabled' },
  { holds: ({ draining }) => !draining, whyNot: () => 'it is draining' },
  {
    holds: ({ phase }) => phase?.up !== false,
    whyNot: ({ backend, phase }) => outsideSchedule(backend, phase),
  },
  {
    holds: ({ status, markedHealthy }) => status !== undefined || markedHealthy !== undefined,
    whyNot: () => 'it was not probed yet',
  },
  {
    holds: ({ status, markedHealthy }) => markedHealthy ?? status?.healthy ?? true,
    whyNot: ({ status, override, markedHealthy }) =>
      markedHealthy === false
        ? `an operator marked it unhealthy until ${isoTime(epochMs(override?.healthyUntil))}${reasonSuffix(override?.reason)}`
        : `it is not healthy (${stateName(status)})`,
    detail: ({ status, markedHealthy }) => (markedHealthy === false ? undefined : status?.reason),
  },
  {
    holds: ({ backend, load }) => backend.loadThreshold === 0 || load === undefined || load <= backend.loadThreshold,
    whyNot: ({ backend, load }) => `its cluster load ${load} is above its threshold ${backend.loadThreshold}`,
  },
];

/** Whether a backend takes new queries now, and the load it counts with. */
export function assess(facts: BackendFacts, now: number, loadMaxAgeMs: number): Assessment {
  const inForce = factsAt(facts, now, loadMaxAgeMs);
  let until = Number.POSITIVE_INFINITY;
  const mayChangeAt = (time: number) => {
    if (time > now && time < until) until = time;
  };
  if (facts.status) mayChangeAt(epochMs(facts.status.observedAt) + loadMaxAgeMs + 1);
  if (inForce.phase) mayChangeAt(inForce.phase.until);
  if (facts.override) {
    mayChangeAt(epochMs(facts.override.healthyUntil));
    mayChangeAt(epochMs(facts.override.clusterLoadUntil));
  }
  return {
    available: conditions.every(({ holds }) => holds(inForce)),
    load: inForce.load,
    loadIsSet: inForce.loadIsSet,
    until,
  };
}

/** One sentence for each condition that does not hold, for operators; empty when the backend is available. */
export function unavailableReasons(facts: BackendFacts, now: number, loadMaxAgeMs: number): string[] {
  return whyUnavailable(facts, now, loadMaxAgeMs).map(({ text, detail }) => text + reasonSuffix(detail));
}

/** The same, fit for clients too: `text` names no address, `detail` is for operators alone. */
export function whyUnavailable(
  facts: BackendFacts,
  now: number,
  loadMaxAgeMs: number,
): { text: string; detail: string | undefined }[] {
  const inForce = factsAt(facts, now, loadMaxAgeMs);
  return conditions
    .filter(({ holds }) => !holds(inForce))
    .map(({ whyNot, detail }) => ({ text: whyNot(inForce), detail: detail?.(inForce) }));
}

/** The parts of an override that still hold; undefined when none does. */
export function liveOverride(override: BackendOverride | undefined, now: number): BackendOverride | undefined {
  if (!override) return undefined;
  const { healthy, healthyUntil, clusterLoad, clusterLoadUntil, ...rest } = override;
  const marked = healthy !== undefined && epochMs(healthyUntil) > now;
  const loaded = clusterLoad !== undefined && epochMs(clusterLoadUntil) > now;
  if (!marked && !loaded) return undefined;
  return {
    ...rest,
    ...(marked && healthyUntil ? { healthy, healthyUntil } : {}),
    ...(loaded && clusterLoadUntil ? { clusterLoad, clusterLoadUntil } : {}),
  };
}

/** For operators: that the monitor has been silent about a backend, whose last finding stays in force. Empty when it has not. */
export function monitorSilence(status: BackendStatus | undefined, now: number, silentAfterMs: number): string {
  const observedAt = epochMs(status?.observedAt);
  if (observedAt === 0 || now - observedAt <= silentAfterMs) return '';
  return `the monitor last looked ${Math.round((now - observedAt) / 1_000)} s ago; its last finding stays in force`;
}

function factsAt(
  { backend, draining, status, schedule, override }: BackendFacts,
  now: number,
  loadMaxAgeMs: number,
): FactsInForce {
  const marked = override?.healthy !== undefined && epochMs(override.healthyUntil) > now;
  const loadIsSet = override?.clusterLoad !== undefined && epochMs(override.clusterLoadUntil) > now;
  const sampleIsFresh = status !== undefined && now - epochMs(status.observedAt) <= loadMaxAgeMs;
  return {
    backend,
    draining,
    status,
    schedule,
    override,
    phase: phaseAt(backend, schedule, now),
    markedHealthy: marked ? override?.healthy : undefined,
    load: loadIsSet ? override?.clusterLoad : sampleIsFresh ? status?.clusterLoad : undefined,
    loadIsSet,
  };
}

function outsideSchedule({ uptimeSchedule, timeZone }: Backend, phase: Phase | undefined): string {
  const until = phase && Number.isFinite(phase.until) ? `until ${isoTime(phase.until)}` : 'and no end of that is known';
  return `it is outside its uptime schedule "${uptimeSchedule}" (${timeZone || 'UTC'}) ${until}`;
}

function stateName(status: BackendStatus | undefined): string {
  return BackendStatus_StateSchema.value[status?.state ?? 0]?.name ?? 'unknown state';
}

/** The reason after a colon; empty when there is none. */
export function reasonSuffix(reason: string | undefined): string {
  return reason ? `: ${reason}` : '';
}
