import { timestampMs } from '@bufbuild/protobuf/wkt';
import { createOutageLog, every, type Logger } from '@trino-gateway/runtime';
import type { Known } from './known.ts';

/** Whether the monitor reports. A silent one is an alarm: nobody would notice that a cluster died, or came back. */
export type MonitorWatch = AsyncDisposable & {
  /** Since it last reported, in milliseconds; undefined where there is nothing to report about. */
  ageMs(): number | undefined;
  /** What is wrong, for an operator; undefined while it reports. */
  problem(): string | undefined;
};

type Options = {
  known: Pick<Known, 'backends' | 'statuses'>;
  /** `gatewayserver.load_max_age`. */
  silentAfterMs: number;
  logger: Logger;
  now: () => number;
};

const LOOK_MS = 2_000;

/** A monitor has as long from the start of this process as between two reports. */
export function watchMonitor({ known, silentAfterMs, logger, now }: Options): MonitorWatch {
  const startedAt = now();
  const ageMs = () => {
    const newest = newestReport(known);
    return newest === undefined ? undefined : Math.max(0, now() - Math.max(newest, startedAt));
  };
  const problem = () => {
    const age = ageMs();
    if (age === undefined || age <= silentAfterMs) return undefined;
    const newest = newestReport(known) ?? 0;
    return newest === 0
      ? 'the monitor is silent: it has never reported, so no backend takes queries'
      : `the monitor is silent since ${new Date(newest).toISOString()}: health stays as it was then, loads are unknown`;
  };
  const outage = createOutageLog({ logger, recovered: 'the monitor reports again', now });
  const loop = every(LOOK_MS, 'looking whether the monitor reports', logger, async () => {
    const silent = problem();
    if (silent === undefined) outage.succeeded();
    else outage.failed(silent, { seconds: Math.round((ageMs() ?? 0) / 1_000) });
  });
  return { ageMs, problem, [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose]() };
}

/** When the monitor last reported about an enabled backend: 0 for never, undefined where there is none. */
function newestReport({ backends, statuses }: Options['known']): number | undefined {
  let newest: number | undefined;
  for (const [id, { backend }] of backends) {
    if (backend.enabled === false) continue;
    const { observedAt } = statuses.get(id) ?? {};
    newest = Math.max(newest ?? 0, observedAt === undefined ? 0 : timestampMs(observedAt));
  }
  return newest;
}
