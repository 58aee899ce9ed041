import { Backend_Forwarding } from '@trino-gateway/api/gateway';
import type { MonitorConfig } from '@trino-gateway/config';
import type { Logger } from '@trino-gateway/runtime';
import { createConcurrencyLimit } from './clusters/concurrency-limit.ts';
import { watchBackendList } from './gatewayserver/watch-backend-list.ts';
import type { Parts } from './parts.ts';
import { probe } from './probing/probe.ts';
import { watchBackend } from './probing/watch-backend.ts';

const PROBES_AT_ONCE = 64;
/** A healthy cluster answers a probe within this; one that does not holds up no other. */
const PROBE_COUNTED_MS = 1_000;

/** Follows the list of backends, and gives the parts of the monitor what each list and each probe says. */
export function watchBackends(config: MonitorConfig, parts: Parts, logger: Logger): AsyncDisposable {
  const { suite, connection, connections, metrics, schedules, reports, history, lateHistory, leases, drains } = parts;
  const { scaling, expected, certificates } = parts;
  const directIds = new Set<string>();
  const limit = createConcurrencyLimit(PROBES_AT_ONCE, PROBE_COUNTED_MS);
  return watchBackendList({
    suite,
    connection,
    logger,
    watch: (backend, after) =>
      watchBackend(backend, {
        settings: config,
        probe: async (one, limits) => probe(one, { ...limits, dispatcher: await connections.of(one) }, connections),
        limit,
        after,
        untilNextProbe: expected.untilNextProbe,
        onAssessed: (assessment, durationMs) => {
          metrics.assessed(assessment, durationMs);
          reports.assessed(backend, assessment);
        },
        afterProbe: async (limits) => {
          if (directIds.has(backend.id)) await history.follow(backend, limits);
          await lateHistory.follow(backend, limits);
        },
      }),
    onList: (list) => {
      schedules.setBackends(list);
      leases.setBackends(list);
      drains.setBackends(list);
      scaling.setBackends(list);
      expected.setBackends(list);
      certificates.setBackends(list);
      directIds.clear();
      for (const { id, forwarding } of list) if (forwarding === Backend_Forwarding.DIRECT) directIds.add(id);
    },
    onReconnected: () => {
      schedules.reportAgain();
      leases.forgetMissing();
    },
    onRemoved: (backendId) => {
      for (const part of [metrics, reports, history, lateHistory]) part.forget(backendId);
    },
  });
}
