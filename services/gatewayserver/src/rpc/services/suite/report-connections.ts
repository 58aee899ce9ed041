import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ConnectionReport,
  ConnectionReportSchema,
  type ReportConnectionsRequest,
  type ReportConnectionsRequest_Connection,
} from '@trino-gateway/api/gateway';
import { checkedId, checkedNumber, checkedText, invalid } from '../../../configuration/validation.ts';
import type { RpcContext, Tables } from '../context.ts';

type Context = Pick<RpcContext, 'configuration' | 'now'> & Tables<'conditions'>;

const MOST_CONNECTIONS = 500;
const REASON_LENGTH = 500;
const LONGEST_AGO_MS = 86_400_000;
const MOST = 2 ** 31 - 1;

/** What a router saw of its connections to backends. */
export async function reportConnections(
  { store, configuration, now }: Context,
  { routerId, number, connections }: ReportConnectionsRequest,
): Promise<object> {
  checkedId(routerId, 'router_id');
  if (connections.length > MOST_CONNECTIONS)
    throw invalid('connections', `expected at most ${MOST_CONNECTIONS}, got ${connections.length}`);
  const checked = connections.map((one, index) => ({
    ...reportOf(one, `connections[${index}]`, now()),
    ...{ routerId, number },
  }));
  const reports = checked.filter(({ backendId }) => configuration.known.backends.has(backendId));
  if (reports.length === 0) return {};
  try {
    await store.conditions.putConnections(reports);
  } finally {
    // In force here even while the database is away, as a status is.
    configuration.applyWrite('conditions', (known) => {
      for (const report of reports) {
        const all = known.connections.get(report.backendId) ?? [];
        const own = all.find((one) => one.routerId === routerId);
        if (own && own.number >= number) continue;
        known.connections.set(report.backendId, [...all.filter((one) => one !== own), report]);
      }
    });
  }
  return {};
}

function reportOf(connection: ReportConnectionsRequest_Connection, field: string, now: number): ConnectionReport {
  const { backendId, url, coordinatorId, failures, reason, reachedAgoMs } = connection;
  checkedId(backendId, `${field}.backend_id`);
  checkedText(`${field}.url`, url, 2_000);
  checkedText(`${field}.coordinator_id`, coordinatorId, 128);
  checkedNumber(`${field}.failures`, failures, 0, MOST);
  const ago = (name: string, ms: number) =>
    timestampFromMs(now - Math.min(checkedNumber(`${field}.${name}`, ms, 0, MOST), LONGEST_AGO_MS));
  return create(ConnectionReportSchema, {
    ...{ backendId, url, coordinatorId, failures, reason: reason.slice(0, REASON_LENGTH) },
    ...(failures > 0 && {
      failingSince: ago('failing_for_ms', connection.failingForMs),
      failedAt: ago('failed_ago_ms', connection.failedAgoMs),
    }),
    ...(reachedAgoMs !== undefined && { reachedAt: ago('reached_ago_ms', reachedAgoMs) }),
  });
}
