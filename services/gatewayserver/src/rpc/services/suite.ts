import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import {
  type Backend,
  Backend_ForwardedHeaders,
  IncarnationSchema,
  type SuiteService,
} from '@trino-gateway/api/gateway';
import { describeError } from '@trino-gateway/runtime';
import { isCoordinatorSuffix } from '@trino-gateway/trino/query-id';
import { releaseUnused } from '../../admission/rules/take-lease.ts';
import { otherHolder } from '../../configuration/coordinator-suffixes.ts';
import { routerBackend } from '../../configuration/router-backend.ts';
import { checkedId, checkedNumber, checkedOrigin, invalid } from '../../configuration/validation.ts';
import type { RpcContext } from './context.ts';
import { transactionCalls } from './transactions.ts';

const LONGEST_WAIT_MS = 30_000;
/** A suffix that is asked for all the time is noted this often. */
const TOUCH_INTERVAL_MS = 60_000;

/** What the router and the monitor need. */
export function suiteService(context: RpcContext): ServiceImpl<typeof SuiteService> {
  const { store, configuration, live, now, logger, onSuffixRefused } = context;
  const touched = new Map<string, number>();
  return {
    ...transactionCalls(context),

    async watchBackends(request, { signal }) {
      const revision = await watch(context, request, signal, configuration.backendsRevision);
      if (revision === request.revision) return { revision };
      return { revision, backends: [...configuration.known.backends.values()].map(({ backend }) => backend) };
    },

    async watchSnapshot(request, { signal }) {
      const revision = await watch(context, request, signal, configuration.routersRevision);
      if (revision === request.revision) return { revision };
      return {
        revision,
        backends: [...configuration.known.backends.values()].map(({ backend }) => ({
          ...routerBackend(backend, configuration.isLimited(backend.id)),
          coordinatorId: coordinatorOf(context, backend),
        })),
        incarnations: [...configuration.known.incarnations],
        refusalKey: context.refusalKey,
        authentication: configuration.delegated(),
      };
    },

    async recordIncarnation({ suffix, backendId, url }) {
      if (!isCoordinatorSuffix(suffix))
        throw invalid('suffix', "expected five characters as they end a cluster's query ids");
      checkedId(backendId, 'backend_id');
      const origin = checkedOrigin(url, 'url');
      const holder = otherHolder(configuration.suffixHolders(), { suffix, url: origin });
      if (holder !== undefined) {
        logger.error('a backend answers with query ids of another one, and nothing is sent there for them', {
          backend: backendId,
          holder: holder.backendId,
          suffix,
        });
        onSuffixRefused(backendId);
        const message = `suffix: "${suffix}" belongs to the backend "${holder.backendId}": one coordinator has one url`;
        throw new ConnectError(message, Code.FailedPrecondition);
      }
      const at = timestampFromMs(now());
      const backend = configuration.known.backends.get(backendId)?.backend;
      const seen = create(IncarnationSchema, {
        suffix,
        backendId,
        url: origin,
        forwardedHeaders: backend?.forwardedHeaders ?? Backend_ForwardedHeaders.AUTO,
        firstSeenAt: at,
        lastSeenAt: at,
      });
      await store.incarnations.record(seen);
      configuration.wrote('incarnations', (known) => {
        const same = (one: { suffix: string; url: string }) => one.suffix === seen.suffix && one.url === seen.url;
        if (!known.incarnations.some(same)) known.incarnations = [...known.incarnations, seen];
      });
      return {};
    },

    async reportLiveQueries({ routerId, counts, settledSubmissionIds, usedSuffixes }) {
      checkedId(routerId, 'router_id');
      for (const { live: count } of counts) checkedNumber('counts.live', count, 0, 2 ** 31 - 1);
      live.report(routerId, new Map(counts.map((count) => [count.backendId, count.live])), settledSubmissionIds);
      await freeSlots(context, settledSubmissionIds);
      const known = new Set(configuration.known.incarnations.map(({ suffix }) => suffix));
      const due = usedSuffixes.filter(
        (suffix) => known.has(suffix) && now() - (touched.get(suffix) ?? 0) >= TOUCH_INTERVAL_MS,
      );
      if (due.length === 0) return {};
      for (const suffix of touched.keys()) if (!known.has(suffix)) touched.delete(suffix);
      for (const suffix of due) touched.set(suffix, now());
      try {
        await store.incarnations.touch(due, new Date(now()));
      } catch (error) {
        // The counts are in force already; the suffixes are noted with a later report.
        for (const suffix of due) touched.delete(suffix);
        logger.debug('used suffixes could not be noted', { error: describeError(error) });
      }
      return {};
    },
  };
}

/** The suffix that belongs to this backend, where its status says one that is its own. */
function coordinatorOf({ configuration }: RpcContext, { id, url }: Backend): string {
  const suffix = configuration.known.statuses.get(id)?.coordinatorId ?? '';
  return configuration.suffixHolders().get(suffix)?.url === url ? suffix : '';
}

/** What submissions that are over have not used of their slots is free at once, not only when its time is over. */
async function freeSlots({ ledger, logger }: RpcContext, submissionIds: readonly string[]): Promise<void> {
  const held = submissionIds.filter((id) => ledger.state().lease(id)?.phase === 'TAKEN');
  if (held.length === 0) return;
  try {
    await ledger.run((admission) => releaseUnused(admission, held));
  } catch (error) {
    logger.debug('slots that were not used could not be freed; they end by themselves', {
      error: describeError(error),
    });
  }
}

/** The revision as soon as it differs from the one the caller has; the caller's own when the wait is over or we stop. */
async function watch(
  { configuration, stopping }: RpcContext,
  request: { revision: string; waitMs: number },
  signal: AbortSignal,
  revision: () => string,
): Promise<string> {
  checkedNumber('wait_ms', request.waitMs, 0, LONGEST_WAIT_MS);
  const over = AbortSignal.any([signal, stopping, AbortSignal.timeout(request.waitMs)]);
  while (revision() === request.revision && !over.aborted) {
    await configuration.changed(over);
    // Many backends are mostly written one after the other: one answer then tells of many changes.
    const gatherMs = Math.min(configuration.known.backends.size / 10, 500);
    if (!over.aborted && gatherMs >= 1) await delay(gatherMs, undefined, { signal: over }).catch(() => {});
  }
  return revision();
}
