import type { Backend, BackendStatus } from '@trino-gateway/api/gateway';
import { HIDDEN_SECRET, withProbeSecrets } from '@trino-gateway/api/sealed-secret';
import {
  assess,
  liveOverride,
  monitorSilence,
  unavailableReasons,
} from '../../../routing/availability/availability.ts';
import { isDoubted, openReports } from '../../../routing/availability/connections.ts';
import { scheduleAt } from '../../../routing/availability/schedule-phase.ts';
import { clusterOf } from '../../../scaling/picture.ts';
import { pictureSource } from '../../../scaling/picture-source.ts';
import type { StoredBackend } from '../../../storage/contract/configuration.ts';
import type { BackendContext } from './backend-context.ts';

/** A backend as reads answer it: without its secrets, with what is known about it now. */
export function shownBackend({ backend, draining }: StoredBackend, context: BackendContext): Backend {
  const { configuration, live, ledger, now } = context;
  const { id, probe } = backend;
  const { loadMaxAgeMs } = configuration.snapshot();
  const override = configuration.known.overrides.get(id);
  const status = configuration.known.statuses.get(id);
  const schedule = configuration.known.schedules.get(id);
  const { scaling, sealed = false, connections = [] } = configuration.snapshot().facts(id) ?? {};
  const facts = { backend, draining, status, schedule, override, scaling, sealed, connections };
  const failing = openReports({ url: backend.url, reports: connections });
  const scheduled = scheduleAt(backend, schedule, now());
  const holding = liveOverride(override, now());
  return {
    ...backend,
    ...(probe && { probe: withProbeSecrets(probe, () => HIDDEN_SECRET) }),
    condition: {
      $typeName: 'trinogateway.v1.BackendCondition',
      available: assess(facts, now(), loadMaxAgeMs).available,
      reasons: unavailableReasons(facts, now(), loadMaxAgeMs),
      draining,
      sealed,
      ...(status && { status: shownStatus(status) }),
      failingConnections: failing,
      doubted: isDoubted({ url: backend.url, reports: connections, status }),
      notice: monitorSilence(status, now(), loadMaxAgeMs),
      ...(holding && { override: holding }),
      ...(scheduled && { schedule: scheduled }),
      liveQueries: live.live(id),
      leases: ledger.state().onBackend(id),
      ...(scaling && { scaling: clusterOf(pictureSource(context, { leader: '', now: now() }), scaling.groupId, id) }),
    },
  };
}

/** What ties a backend is GetDrainStatus's to tell: ids of transactions let their readers use them. */
function shownStatus({ evidence, reportedAt, ...status }: BackendStatus): BackendStatus {
  return status;
}
