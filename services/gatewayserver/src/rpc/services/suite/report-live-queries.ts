import type { ReportLiveQueriesRequest } from '@trino-gateway/api/gateway';
import { describeError } from '@trino-gateway/runtime';
import { releaseUnused } from '../../../admission/rules/take-lease.ts';
import { checkedId, checkedNumber } from '../../../configuration/validation.ts';
import type { RpcContext, Tables } from '../context.ts';
import { createDrainReports } from './drain-reports.ts';

type Context = Pick<RpcContext, 'configuration' | 'live' | 'ledger' | 'logger' | 'now'> &
  Tables<'incarnations' | 'drains'>;

/** How often a suffix that is in use all the time is noted as seen. */
const TOUCH_INTERVAL_MS = 60_000;

/** Takes the reports of routers: what is live on each backend, and what is over. */
export function createLiveReports(context: Context): (request: ReportLiveQueriesRequest) => Promise<object> {
  const touchSuffixes = createSuffixTouch(context);
  const tellDrains = createDrainReports(context);
  return async (report) => {
    const { routerId, counts, settledSubmissionIds, usedSuffixes } = report;
    checkedId(routerId, 'router_id');
    for (const { live } of counts) checkedNumber('counts.live', live, 0, 2 ** 31 - 1);
    const liveOn = new Map(counts.map(({ backendId, live }) => [backendId, live]));
    context.live.report(routerId, liveOn, settledSubmissionIds);
    await releaseSlots(context, settledSubmissionIds);
    await tellDrains(report);
    await touchSuffixes(usedSuffixes);
    return {};
  };
}

/** Releases the unused slots of submissions that are over, before they expire. */
async function releaseSlots({ ledger, logger }: Context, submissionIds: readonly string[]): Promise<void> {
  const held = submissionIds.filter((id) => ledger.state().lease(id)?.phase === 'TAKEN');
  if (held.length === 0) return;
  try {
    await ledger.run((admission) => releaseUnused(admission, held));
  } catch (error) {
    logger.debug('unused slots could not be released; they expire', { error: describeError(error) });
  }
}

/** Notes known suffixes as seen, each at most once in a while. */
function createSuffixTouch({ store, configuration, logger, now }: Context): (suffixes: string[]) => Promise<void> {
  const touched = new Map<string, number>();
  return async (suffixes) => {
    const known = new Set(configuration.known.incarnations.map(({ suffix }) => suffix));
    const isDue = (suffix: string) => now() - (touched.get(suffix) ?? 0) >= TOUCH_INTERVAL_MS;
    const due = suffixes.filter((suffix) => known.has(suffix) && isDue(suffix));
    if (due.length === 0) return;
    for (const suffix of touched.keys()) if (!known.has(suffix)) touched.delete(suffix);
    for (const suffix of due) touched.set(suffix, now());
    try {
      await store.incarnations.touch(due, new Date(now()));
    } catch (error) {
      // The counts are in force already; the suffixes are noted with a later report.
      for (const suffix of due) touched.delete(suffix);
      logger.debug('used suffixes could not be noted', { error: describeError(error) });
    }
  };
}
