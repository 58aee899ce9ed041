import type { BackendOverride, BackendStatus } from '@trino-gateway/api/gateway';
import { administratorsConditions, conditions, reasonSuffix } from './conditions.ts';
import { type HalfOpen, isTried } from './connections.ts';
import { type BackendFacts, factsAt } from './facts.ts';
import { epochMs } from './timestamps.ts';

/** Whether a backend takes new queries, and until when that holds. */
export type Assessment = {
  available: boolean;
  /** The load to compare and rank by; undefined when unknown or too old. */
  load: number | undefined;
  /** True when an operator set the load: it then counts as it is. */
  loadIsSet: boolean;
  /** It comes back, and takes one query at a time; absent otherwise. */
  halfOpen?: HalfOpen;
  /** When this may change by the mere passing of time; Infinity when it does not. */
  until: number;
};

/** Whether a backend takes new queries now, and the load it counts with. */
export function assess(facts: BackendFacts, now: number, loadMaxAgeMs: number): Assessment {
  const inForce = factsAt(facts, now, loadMaxAgeMs);
  let until = Number.POSITIVE_INFINITY;
  const mayChangeAt = (time: number) => {
    if (time > now && time < until) until = time;
  };
  const { connection, markedHealthy } = inForce;
  mayChangeAt(connection.until);
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
    ...(connection.kind === 'halfOpen' && markedHealthy === undefined && { halfOpen: connection }),
    until,
  };
}

/** Whether it comes back by a query that is trying it now: no other is sent there meanwhile. */
export function isBeingTried(facts: BackendFacts, lastStartedAt: number, now: number): boolean {
  if (!facts.connections?.length) return false;
  const { connection, markedHealthy } = factsAt(facts, now, 0);
  return connection.kind === 'halfOpen' && markedHealthy === undefined && isTried(connection, lastStartedAt, now);
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

/** Why its administrator has taken it out; empty when that is not so. */
export function whyDeactivated(facts: BackendFacts, now: number): string {
  const inForce = factsAt(facts, now, 0);
  const failing = administratorsConditions.filter(({ holds }) => !holds(inForce));
  return failing.map(({ whyNot }) => whyNot(inForce)).join(', ');
}

/** Whether it passes its probes, or an operator says so. */
export function isHealthy(facts: BackendFacts, now: number): boolean {
  const { status, markedHealthy } = factsAt(facts, now, 0);
  return markedHealthy ?? status?.healthy ?? false;
}

/** Whether it takes no new queries for a reason that may pass at any moment: it failed its probes, or was not probed yet. */
export function isOut(facts: BackendFacts, now: number, loadMaxAgeMs: number): boolean {
  const inForce = factsAt(facts, now, loadMaxAgeMs);
  const failing = conditions.filter(({ holds }) => !holds(inForce));
  return failing.length > 0 && failing.every(({ isOutage }) => isOutage?.(inForce) === true);
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
  return `the monitor last probed it ${Math.round((now - observedAt) / 1_000)} s ago; that finding stays in force`;
}
