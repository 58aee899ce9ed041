import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import type { ReportConnectionsRequestSchema } from '@trino-gateway/api/gateway';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { type ConnectionTable, createConnections, type SeenConnection } from '../../passive-health/connections.ts';

type Report = Exclude<MessageInitShape<typeof ReportConnectionsRequestSchema>, { $typeName: string }>;

export type ConnectionReportsOptions = {
  send: (report: Report, signal: AbortSignal) => Promise<void>;
  /** The suffix of the incarnation that this backend has, empty while unknown; undefined where it has another address now. */
  coordinatorIdOf: (connection: Pick<SeenConnection, 'backendId' | 'url'>) => string | undefined;
  logger: Logger;
  /** Between two reports, whatever happens; shorter in tests. */
  pauseMs?: number;
};

const PAUSE_MS = 1_000;
/** A gatewayserver of an earlier version does not take them. */
const UNKNOWN_CALL_MS = 60_000;
const MOST_IN_ONE = 500;

/** Reports what was seen of connections: at once, and after that once a second at most, however much fails. */
export function createConnectionReports(options: ConnectionReportsOptions): ConnectionTable & AsyncDisposable {
  const { send, coordinatorIdOf, logger, pauseMs = PAUSE_MS } = options;
  const stop = new AbortController();
  let number = 0n;
  let isBusy = false;
  let isWanted = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();

  const report = async (): Promise<number> => {
    const taken = table.takeChanged(MOST_IN_ONE);
    isWanted = taken.length === MOST_IN_ONE;
    const at = performance.now();
    const connections = taken.flatMap((one) => {
      const coordinatorId = coordinatorIdOf(one);
      return coordinatorId === undefined ? [] : [told(one, coordinatorId, at)];
    });
    if (connections.length === 0) return pauseMs;
    number += 1n;
    try {
      await send({ number, connections }, stop.signal);
      return pauseMs;
    } catch (error) {
      table.putBack(taken);
      isWanted = true;
      logger.debug('connections could not be reported', { error: describeError(error) });
      return error instanceof ConnectError && error.code === Code.Unimplemented ? UNKNOWN_CALL_MS : pauseMs;
    }
  };
  const begin = () => {
    if (isBusy || stop.signal.aborted) {
      isWanted = true;
      return;
    }
    isBusy = true;
    isWanted = false;
    running = report().then((waitMs) => {
      timer = setTimeout(() => {
        isBusy = false;
        if (isWanted) begin();
      }, waitMs);
      timer.unref();
    });
  };
  const table = createConnections(begin);
  return {
    ...table,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
      clearTimeout(timer);
    },
  };
}

function told(
  { backendId, url, failures, failingSince, failedAt, reachedAt, reason }: SeenConnection,
  coordinatorId: string,
  at: number,
): NonNullable<Report['connections']>[number] {
  const ago = (time: number) => Math.min(Math.max(0, Math.round(at - time)), 2 ** 31 - 1);
  return {
    ...{ backendId, url, coordinatorId, failures, reason },
    ...(failures > 0 && { failingForMs: ago(failingSince), failedAgoMs: ago(failedAt) }),
    ...(reachedAt !== undefined && { reachedAgoMs: ago(reachedAt) }),
  };
}
