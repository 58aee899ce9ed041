import { create } from '@bufbuild/protobuf';
import { timestampDate, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type Backend,
  type BackendOverride,
  BackendOverrideSchema,
  type BackendService,
  type BackendStatus,
  BackendStatus_StateSchema,
  BackendStatus_State as State,
} from '@trino-gateway/api/gateway';
import { HIDDEN_PASSWORD } from '@trino-gateway/api/sealed-secret';
import { backendProblems } from '@trino-gateway/api/validation';
import { storableBackend } from '../../../configuration/stored-objects.ts';
import {
  checked,
  checkedId,
  checkedNumber,
  checkedText,
  found,
  invalid,
  refuseDeclared,
  refuseReferenced,
} from '../../../configuration/validation.ts';
import { assess, liveOverride, unavailableReasons } from '../../../routing/availability.ts';
import { scheduleAt } from '../../../routing/schedule-phase.ts';
import type { StoredBackend } from '../../../storage/contract/configuration.ts';
import type { RpcContext } from '../context.ts';
import { pageOf } from '../paging.ts';
import { requireBackend } from '../require-backend.ts';
import { reportSchedule } from './report-schedule.ts';

const OVERRIDE_MS = 600_000;
const LONGEST_OVERRIDE_MS = 7 * 86_400_000;
const REASON_LENGTH = 1_000;
const STATUS_TEXT_LENGTH = 2_000;

type Context = Pick<RpcContext, 'store' | 'configuration' | 'live' | 'ledger' | 'now'>;

/** The clusters. */
export function backendService(context: Context): ServiceImpl<typeof BackendService> {
  const { store, configuration, now } = context;
  const inForce = (stored: StoredBackend): Backend => {
    configuration.wrote('configuration', ({ backends }) => backends.set(stored.backend.id, stored));
    return shown(stored, context);
  };
  const override = async (
    id: string,
    durationMs: number,
    reason: string,
    set: (until: number) => Omit<Partial<BackendOverride>, '$typeName' | '$unknown'>,
  ) => {
    checkedId(id);
    checkedNumber('duration_ms', durationMs, 0, LONGEST_OVERRIDE_MS);
    checkedText('reason', reason, REASON_LENGTH);
    await requireBackend(context, id);
    const parts = { ...set(now() + (durationMs || OVERRIDE_MS)), ...(reason !== '' && { reason }) };
    await store.conditions.putOverride(id, create(BackendOverrideSchema, parts));
    configuration.wrote('conditions', ({ overrides }) =>
      overrides.set(id, { ...(overrides.get(id) ?? create(BackendOverrideSchema)), ...parts }),
    );
    return shown(await requireBackend(context, id), context);
  };
  const mark = (healthy: boolean) => (request: { id: string; durationMs: number; reason: string }) =>
    override(request.id, request.durationMs, request.reason, (until) => ({
      healthy,
      healthyUntil: timestampFromMs(until),
    }));

  return {
    async putBackend(request) {
      const wanted = checked('backend', request.backend, backendProblems);
      return inForce(
        await store.configuration.change(async ({ backends }) => {
          const before = (await backends.get(wanted.id))?.backend;
          refuseDeclared('backend', before);
          return backends.put(storableBackend(withStoredPassword(wanted, before), ''));
        }),
      );
    },

    async getBackend({ id }) {
      return shown(found('backend', checkedId(id), configuration.known.backends.get(id)), context);
    },

    async listBackends(request) {
      const { page, nextPageToken } = pageOf(configuration.known.backends, request);
      return { backends: page.map((stored) => shown(stored, context)), nextPageToken };
    },

    async deleteBackend({ id }) {
      checkedId(id);
      await store.configuration.change(async ({ backends, groups }) => {
        refuseDeclared('backend', found('backend', id, await backends.get(id)).backend);
        const members = (await groups.list()).filter(({ backendIds }) => backendIds.includes(id));
        refuseReferenced(
          'backend',
          id,
          members.map((group) => `group "${group.id}"`),
        );
        await backends.delete(id);
      });
      configuration.wrote('configuration', ({ backends }) => backends.delete(id));
      configuration.wrote('conditions', ({ statuses, schedules, overrides }) => {
        statuses.delete(id);
        schedules.delete(id);
        overrides.delete(id);
      });
      return {};
    },

    async enableBackend({ id }) {
      checkedId(id);
      return inForce(
        found('backend', id, await store.configuration.change(({ backends }) => backends.setEnabled(id, true))),
      );
    },

    async disableBackend({ id }) {
      checkedId(id);
      return inForce(
        found('backend', id, await store.configuration.change(({ backends }) => backends.setEnabled(id, false))),
      );
    },

    async drainBackend({ id }) {
      checkedId(id);
      return inForce(found('backend', id, await store.configuration.change(({ backends }) => backends.drain(id))));
    },

    async reportBackendStatus(request) {
      const status = checkedStatus(request.status, now());
      await requireBackend(context, status.backendId, 'status.backend_id');
      // A monitor that has just started cannot know whose ids those of a silent backend are.
      if (status.state === State.UNREACHABLE)
        status.coordinatorId ||= configuration.known.statuses.get(status.backendId)?.coordinatorId ?? '';
      try {
        await store.conditions.putStatus(status);
      } finally {
        // In force here also while the database is away: decisions must not go by the health of an hour ago.
        configuration.wrote('conditions', ({ statuses }) => {
          if (!isOlder(status, statuses.get(status.backendId))) statuses.set(status.backendId, status);
        });
      }
      return {};
    },

    async reportBackendSchedule(request) {
      await reportSchedule(context, request.schedule);
      return {};
    },

    markHealthy: mark(true),
    markUnhealthy: mark(false),

    updateClusterLoad({ id, durationMs, reason, clusterLoad }) {
      checkedNumber('cluster_load', clusterLoad, 0, Number.MAX_VALUE);
      return override(id, durationMs, reason, (until) => ({ clusterLoad, clusterLoadUntil: timestampFromMs(until) }));
    },
  };
}

/** A backend as reads answer it: without its password, with what is known about it now. */
function shown({ backend, draining }: StoredBackend, { configuration, live, ledger, now }: Context): Backend {
  const { id, probe } = backend;
  const { loadMaxAgeMs } = configuration.snapshot();
  const override = configuration.known.overrides.get(id);
  const status = configuration.known.statuses.get(id);
  const schedule = configuration.known.schedules.get(id);
  const facts = { backend, draining, status, schedule, override };
  const scheduled = scheduleAt(backend, schedule, now());
  const holding = liveOverride(override, now());
  return {
    ...backend,
    ...(probe && { probe: { ...probe, password: probe.password && HIDDEN_PASSWORD } }),
    condition: {
      $typeName: 'trinogateway.v1.BackendCondition',
      available: assess(facts, now(), loadMaxAgeMs).available,
      reasons: unavailableReasons(facts, now(), loadMaxAgeMs),
      draining,
      ...(status && { status }),
      ...(holding && { override: holding }),
      ...(scheduled && { schedule: scheduled }),
      liveQueries: live.live(id),
      leases: ledger.state().onBackend(id),
    },
  };
}

function withStoredPassword(wanted: Backend, before: Backend | undefined): Backend {
  if (wanted.probe?.password !== HIDDEN_PASSWORD) return wanted;
  const password = before?.probe?.password;
  if (!password) throw invalid('backend.probe.password', 'expected a password: none is stored that could be kept');
  return { ...wanted, probe: { ...wanted.probe, password } };
}

function checkedStatus(status: BackendStatus | undefined, now: number): BackendStatus {
  if (!status) throw invalid('status', 'expected an object, got nothing');
  checkedId(status.backendId, 'status.backend_id');
  if (!status.state || !BackendStatus_StateSchema.value[status.state])
    throw invalid('status.state', `expected a known value, got ${status.state}`);
  if (status.clusterLoad !== undefined) checkedNumber('status.cluster_load', status.clusterLoad, 0, Number.MAX_VALUE);
  for (const field of ['running', 'queued', 'workers', 'foreignRunning'] as const)
    checkedNumber(`status.${field}`, status[field] ?? 0, 0, 2 ** 31 - 1);
  checkedText('status.trino_version', status.trinoVersion, 128);
  checkedText('status.coordinator_id', status.coordinatorId, 128);
  const observedAt = status.observedAt ? timestampDate(status.observedAt).getTime() : now;
  return {
    ...status,
    // A clock that runs ahead must not keep later findings out.
    observedAt: timestampFromMs(Math.min(Math.max(observedAt, 0), now)),
    reason: status.reason.slice(0, STATUS_TEXT_LENGTH),
  };
}

function isOlder(status: BackendStatus, than: BackendStatus | undefined): boolean {
  if (!status.observedAt || !than?.observedAt) return false;
  return timestampDate(status.observedAt) < timestampDate(than.observedAt);
}
