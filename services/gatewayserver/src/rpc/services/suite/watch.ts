import { setTimeout as delay } from 'node:timers/promises';
import type { Backend, WatchBackendsRequest, WatchSnapshotRequest } from '@trino-gateway/api/gateway';
import { doubtedBackendIds, monitorBackend } from '../../../configuration/monitor-backend.ts';
import { routerBackend } from '../../../configuration/router-backend.ts';
import { checkedNumber } from '../../../configuration/validation.ts';
import type { RpcContext } from '../context.ts';

const LONGEST_WAIT_MS = 30_000;

type Context = Pick<RpcContext, 'configuration' | 'signingKey' | 'stopping'>;

/** For the monitor. */
export async function watchBackends(context: Context, request: WatchBackendsRequest, signal: AbortSignal) {
  const { known, backendsRevision } = context.configuration;
  const revision = await watch(context, request, signal, backendsRevision);
  if (revision === request.revision) return { revision };
  return { revision, backends: [...known.backends.values()].map((stored) => monitorBackend(stored, known)) };
}

/** For routers. */
export async function watchSnapshot(context: Context, request: WatchSnapshotRequest, signal: AbortSignal) {
  const { configuration, signingKey } = context;
  const revision = await watch(context, request, signal, configuration.routersRevision);
  if (revision === request.revision) return { revision };
  return {
    revision,
    backends: [...configuration.known.backends.values()].map(({ backend }) => ({
      ...routerBackend(backend, configuration.isLimited(backend.id)),
      coordinatorId: coordinatorIdOf(context, backend),
    })),
    incarnations: [...configuration.known.incarnations],
    refusalKey: signingKey,
    authentication: configuration.delegated(),
    routingNeeds: configuration.chain().needs,
    sealedSuffixes: [...configuration.known.seals.keys()],
    drains: configuration.known.drains.map(({ backendId, suffix, revision }) => ({
      ...{ backendId, coordinatorId: suffix, revision: BigInt(revision) },
    })),
    drainsRevision: BigInt(configuration.known.drainsRevision),
    doubtedBackendIds: doubtedBackendIds(configuration.known),
  };
}

/** The suffix in this backend's status, unless it belongs to another backend. */
function coordinatorIdOf({ configuration }: Context, { id, url }: Backend): string {
  const suffix = configuration.known.statuses.get(id)?.coordinatorId ?? '';
  return configuration.suffixHolders().get(suffix)?.url === url ? suffix : '';
}

/** The revision as soon as it differs from the caller's; the caller's own when the wait is over or the process stops. */
async function watch(
  { configuration, stopping }: Context,
  request: { revision: string; waitMs: number },
  signal: AbortSignal,
  revision: () => string,
): Promise<string> {
  checkedNumber('wait_ms', request.waitMs, 0, LONGEST_WAIT_MS);
  const over = AbortSignal.any([signal, stopping, AbortSignal.timeout(request.waitMs)]);
  while (revision() === request.revision && !over.aborted) {
    await configuration.changed(over);
    // Many backends are usually written one after the other: one answer then contains many changes.
    const batchMs = Math.min(configuration.known.backends.size / 10, 500);
    if (!over.aborted && batchMs >= 1) await delay(batchMs, undefined, { signal: over }).catch(() => {});
  }
  return revision();
}
