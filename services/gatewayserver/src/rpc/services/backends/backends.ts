import type { ServiceImpl } from '@connectrpc/connect';
import type { Backend, BackendService, DeleteBackendRequest, PutBackendRequest } from '@trino-gateway/api/gateway';
import { HIDDEN_SECRET, withProbeSecrets } from '@trino-gateway/api/sealed-secret';
import { backendProblems, sharedTargetProblems } from '@trino-gateway/api/validation';
import { chainReferrers } from '../../../configuration/stored-chain.ts';
import { storableBackend } from '../../../configuration/stored-objects.ts';
import {
  checked,
  checkedId,
  found,
  invalid,
  refuseDeclared,
  refuseProblems,
  refuseReferenced,
} from '../../../configuration/validation.ts';
import { refreshAnew } from '../../../drain/proving/prove-drain.ts';
import type { ConfigurationChange, StoredBackend } from '../../../storage/contract/configuration.ts';
import { asOf } from '../as-of.ts';
import { pageOf } from '../paging.ts';
import type { BackendContext } from './backend-context.ts';
import { getDrainStatus } from './drain-status.ts';
import { mark, updateClusterLoad } from './override-condition.ts';
import { reportSchedule } from './report-schedule.ts';
import { reportStatus } from './report-status.ts';
import { shownBackend } from './shown-backend.ts';

/** The clusters. */
export function backendService(context: BackendContext): ServiceImpl<typeof BackendService> {
  const { known } = context.configuration;
  return {
    putBackend: (request) => putBackend(context, request),
    getBackend: async ({ id }) => shownBackend(found('backend', checkedId(id), known.backends.get(id)), context),
    listBackends: async (request) => {
      const { page, nextPageToken } = pageOf(known.backends, request);
      const backends = page.map((stored) => shownBackend(stored, context));
      return { backends, nextPageToken, ...asOf(context) };
    },
    deleteBackend: (request) => deleteBackend(context, request),
    enableBackend: ({ id }) => enableBackend(context, id),
    disableBackend: ({ id }) => changeBackend(context, id, (backends) => backends.setEnabled(id, false)),
    getDrainStatus: (request, { signal }) => getDrainStatus(context, request, signal),
    drainBackend: ({ id }) => changeBackend(context, id, (backends) => backends.drain(id)),
    reportBackendStatus: async ({ status }) => {
      await reportStatus(context, status);
      return {};
    },
    reportBackendSchedule: async ({ schedule }) => {
      await reportSchedule(context, schedule);
      return {};
    },
    markHealthy: (request) => mark(context, request, true),
    markUnhealthy: (request) => mark(context, request, false),
    updateClusterLoad: (request) => updateClusterLoad(context, request),
  };
}

async function putBackend(context: BackendContext, { backend }: PutBackendRequest): Promise<Backend> {
  const wanted = checked('backend', backend, backendProblems);
  const stored = await context.store.configuration.change(async ({ backends }) => {
    const before = (await backends.get(wanted.id))?.backend;
    refuseDeclared('backend', before);
    if (wanted.scaler) refuseSharedTarget(wanted, await backends.list());
    return backends.put(storableBackend(withStoredSecrets(wanted, before), ''));
  });
  return inForce(context, stored);
}

/** Two backends that start and stop the same thing would be told different things about it. */
function refuseSharedTarget(wanted: Backend, stored: readonly StoredBackend[]): void {
  const problems = sharedTargetProblems(
    wanted,
    stored.map(({ backend }) => backend),
  );
  refuseProblems(problems.map((problem) => ({ ...problem, field: `backend.${problem.field}` })));
}

async function deleteBackend({ store, configuration }: BackendContext, { id }: DeleteBackendRequest) {
  checkedId(id);
  await store.configuration.change(async ({ backends, groups, routingChain }) => {
    refuseDeclared('backend', found('backend', id, await backends.get(id)).backend);
    const members = (await groups.list()).filter(({ backendIds }) => backendIds.includes(id));
    const steps = chainReferrers(await routingChain.newest(), 'backend', id);
    refuseReferenced('backend', id, [...members.map((group) => `group "${group.id}"`), ...steps]);
    await backends.delete(id);
  });
  configuration.applyWrite('configuration', ({ backends }) => backends.delete(id));
  configuration.applyWrite('conditions', ({ statuses, schedules, overrides }) => {
    statuses.delete(id);
    schedules.delete(id);
    overrides.delete(id);
  });
  return {};
}

/** What was found out about its drain is over; that is in force here before it takes queries again. */
async function enableBackend(context: BackendContext, id: string): Promise<Backend> {
  checkedId(id);
  const stored = found(
    'backend',
    id,
    await context.store.configuration.change(({ backends }) => backends.setEnabled(id, true)),
  );
  // Stored it is: a database that goes away now only lets other replicas know later.
  await refreshAnew(context.configuration).catch(() => undefined);
  return inForce(context, stored);
}

async function changeBackend(
  context: BackendContext,
  id: string,
  change: (backends: ConfigurationChange['backends']) => Promise<StoredBackend | undefined>,
): Promise<Backend> {
  checkedId(id);
  const stored = await context.store.configuration.change(({ backends }) => change(backends));
  return inForce(context, found('backend', id, stored));
}

/** Puts what was stored in force here, and shows it. */
function inForce(context: BackendContext, stored: StoredBackend): Backend {
  context.configuration.applyWrite('configuration', ({ backends }) => backends.set(stored.backend.id, stored));
  return shownBackend(stored, context);
}

function withStoredSecrets(wanted: Backend, before: Backend | undefined): Backend {
  if (wanted.probe === undefined) return wanted;
  const probe = withProbeSecrets(wanted.probe, (secret, name) => {
    if (secret !== HIDDEN_SECRET) return secret;
    const stored = before?.probe?.[name];
    if (stored) return stored;
    throw invalid(`backend.probe.${name}`, `expected a ${name}: none is stored that could be kept`);
  });
  return { ...wanted, probe };
}
