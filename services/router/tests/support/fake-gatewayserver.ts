import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import {
  AdmissionService,
  Backend_ForwardedHeaders,
  type Query,
  QueryService,
  type RecordIncarnationRequest,
  type ReportLiveQueriesRequest,
  type RouteRequest,
  type RouteResponse,
  RouteResponseSchema,
  RoutingService,
  SuiteService,
  type Transaction,
  type WatchSnapshotResponse,
  WatchSnapshotResponseSchema,
} from '@trino-gateway/api/gateway';
import { until } from '@trino-gateway/testing/processes/until';
import { type FakeAdmission, fakeAdmission } from './fake-admission.ts';
import { serveAdmission } from './serve-admission.ts';

/** What a router says to a gatewayserver, kept; and answers that a test sets. */
export type FakeGatewayserver = {
  /** Answers WatchSnapshot from now on; held watches end at once. */
  publish(snapshot: MessageInitShape<typeof WatchSnapshotResponseSchema>): void;
  /** Ends the watches that are held, as if their wait were over. */
  release(): void;
  /** Answers Route; the default sends everything to the first backend published. */
  onRoute: (request: RouteRequest) => RouteResponse | Promise<RouteResponse>;
  /** Called before RecordQueries stores; may throw. */
  onRecord: (queries: Query[]) => void | Promise<void>;
  /** When set, calls without it are refused. */
  token: string | undefined;
  readonly routed: RouteRequest[];
  readonly recorded: Query[];
  readonly batches: number[];
  readonly incarnations: RecordIncarnationRequest[];
  readonly reports: ReportLiveQueriesRequest[];
  /** Slots and the queue. A test lets `onRoute` answer by it. */
  readonly admission: FakeAdmission;
  /** Open ones, by id. */
  readonly transactions: Map<string, Transaction>;
  /** How many watches were asked, and how many are held now and were at most. */
  readonly watches: { asked: number; held: number; mostHeld: number };
  readonly routes: (router: ConnectRouter) => void;
};

/** 32 bytes, the same for every fake. */
export const refusalKey = new Uint8Array(32).fill(7);

/** A snapshot of backends `a`, `b`, … at these addresses. */
export function snapshotOf(revision: string, urls: readonly string[]) {
  return {
    revision,
    refusalKey,
    backends: urls.map((url, at) => ({
      id: String.fromCharCode(97 + at),
      url,
      forwardedHeaders: Backend_ForwardedHeaders.AUTO,
    })),
  };
}

export function fakeGatewayserver(): FakeGatewayserver {
  let snapshot: WatchSnapshotResponse | undefined;
  let changed = new AbortController();
  const check = ({ requestHeader }: HandlerContext) => {
    const given = requestHeader.get('authorization');
    if (fake.token !== undefined && given !== `Bearer ${fake.token}`)
      throw new ConnectError('a token is needed', Code.Unauthenticated);
  };
  const fake: FakeGatewayserver = {
    publish: (next) => {
      snapshot = create(WatchSnapshotResponseSchema, next);
      for (const backend of snapshot.backends) fake.admission.backends.set(backend.id, backend);
      fake.release();
    },
    release: () => {
      changed.abort();
      changed = new AbortController();
    },
    onRoute: () => {
      const [backend] = snapshot?.backends ?? [];
      if (!backend)
        return create(RouteResponseSchema, { refusal: 'no cluster', refusalErrorName: 'NO_NODES_AVAILABLE' });
      const decision = { backendId: backend.id, groupId: 'g', decidedBy: 'default_group' };
      return create(RouteResponseSchema, { decision, backend });
    },
    onRecord: () => {},
    token: undefined,
    routed: [],
    recorded: [],
    batches: [],
    incarnations: [],
    reports: [],
    admission: fakeAdmission({}),
    transactions: new Map(),
    watches: { asked: 0, held: 0, mostHeld: 0 },
    routes: (router) => {
      router.service(SuiteService, {
        watchSnapshot: async ({ revision, waitMs }, context) => {
          check(context);
          const { watches } = fake;
          watches.asked++;
          watches.held++;
          watches.mostHeld = Math.max(watches.mostHeld, watches.held);
          try {
            if (!snapshot || snapshot.revision === revision)
              await delay(waitMs, undefined, { signal: AbortSignal.any([changed.signal, context.signal]) }).catch(
                () => {},
              );
          } finally {
            watches.held--;
          }
          if (!snapshot) throw new ConnectError('not migrated yet', Code.Unavailable);
          return snapshot.revision === revision ? { revision } : snapshot;
        },
        recordIncarnation: (request, context) => {
          check(context);
          fake.incarnations.push(request);
          return {};
        },
        recordTransaction: ({ transaction }, context) => {
          check(context);
          if (transaction) fake.transactions.set(transaction.id, transaction);
          return {};
        },
        findTransaction: ({ id }, context) => {
          check(context);
          const found = fake.transactions.get(id);
          if (!found) throw new ConnectError('unknown', Code.NotFound);
          return found;
        },
        endTransaction: ({ id }, context) => {
          check(context);
          fake.transactions.delete(id);
          return {};
        },
        reportLiveQueries: (request, context) => {
          check(context);
          fake.reports.push(request);
          for (const id of request.settledSubmissionIds) fake.admission.settleSubmission(id);
          return {};
        },
      });
      router.service(AdmissionService, serveAdmission(fake.admission));
      router.service(RoutingService, {
        route: (request, context) => {
          check(context);
          fake.routed.push(request);
          return fake.onRoute(request);
        },
      });
      router.service(QueryService, {
        recordQueries: async ({ queries }, context) => {
          check(context);
          await fake.onRecord(queries);
          fake.batches.push(queries.length);
          fake.recorded.push(...queries);
          return {};
        },
      });
    },
  };
  return fake;
}

/** Serves a fake over HTTP/2, on a given port when it has to come back at the same address. Disposal kills connections. */
export async function serveFake(
  fake: FakeGatewayserver,
  port = 0,
): Promise<AsyncDisposable & { url: string; port: number }> {
  const server = http2.createServer(connectNodeAdapter({ routes: fake.routes }));
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
      await until('no watch is held', () => fake.watches.held === 0);
    },
  };
}
