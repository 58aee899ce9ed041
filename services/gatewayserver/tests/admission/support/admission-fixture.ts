import { createHash } from 'node:crypto';
import { startTestGatewayserver, type TestGatewayserver } from '../../support/gatewayserver-fixture.ts';

type Json = Record<string, unknown>;

/** SHA-256 of a secret, as the contract's JSON has bytes. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}

/** Bytes as the contract's JSON has them. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** A slot offer, as a poll is answered with. */
type Offer = { claimId: string; sealed: string; backend: { id: string }; decision: Json };

/** The slot offer that a poll was answered with. */
export function offerOf(answer: Json): Offer {
  return answer.turn as Offer;
}

/** The calls of a router about one statement. */
export type Submission = {
  id: string;
  temporaryId: string;
  route(more?: Json): Promise<Json>;
  enqueue(more?: Json): Promise<Json>;
  poll(waitMs?: number): Promise<Json>;
  /** Assigns the statement to the backend of the offer. */
  assign(offer: Json, queryId?: string): Promise<Json>;
  confirm(queryId?: string): Promise<Json>;
  activate(queryId?: string): Promise<Json>;
  settle(queryId?: string): Promise<Json>;
};

let drawn = 0;

/** A new statement at a server; its secret is its id. */
export function submission(server: Pick<TestGatewayserver, 'ok'>, user = 'ann'): Submission {
  const id = `s${drawn++}`;
  const temporaryId = `20261121_000000_00001_o${id}`;
  const secretHash = hashOf(id);
  const trinoId = `20261121_000000_00001_${id}`;
  return {
    id,
    temporaryId,
    route: (more) =>
      server.ok('RoutingService/Route', { submissionId: id, routerId: 'r', user, statement: 'SELECT 1', ...more }),
    enqueue: (more) =>
      server.ok('AdmissionService/Enqueue', {
        queryId: temporaryId,
        submissionId: id,
        groupId: 'g',
        user,
        source: 'test',
        secretHash,
        sealed: base64(`sealed ${id}`),
        ...more,
      }),
    poll: (waitMs = 10_000) =>
      server.ok('AdmissionService/AwaitTurn', { queryId: temporaryId, secretHash, waitMs, routerId: 'r' }),
    assign: (offer, queryId = trinoId) =>
      server.ok('AdmissionService/HandOver', {
        queryId: temporaryId,
        claimId: offer.claimId,
        trinoQueryId: queryId,
        sealedAnswer: base64(`answer ${id}`),
      }),
    confirm: (queryId = trinoId) => server.ok('AdmissionService/HandOut', { submissionId: id, trinoQueryId: queryId }),
    activate: (queryId = trinoId) => server.ok('AdmissionService/Activate', { trinoQueryId: queryId, backendId: 'b' }),
    settle: (queryId = trinoId) => server.ok('AdmissionService/SettleLeases', { trinoQueryIds: [queryId] }),
  };
}

/** A gatewayserver whose default group `g` has one backend `b`, with one slot unless told otherwise. */
export async function startLimited({
  backend = {},
  group = {},
  keys = {},
}: {
  backend?: Json;
  group?: Json;
  keys?: Record<string, string>;
} = {}): Promise<TestGatewayserver> {
  const server = await startTestGatewayserver({ default_group: 'g', ...keys });
  await server.ok('BackendService/PutBackend', {
    backend: { id: 'b', url: 'http://b', maxRunningQueries: 1, ...backend },
  });
  await server.ok('BackendService/MarkHealthy', { id: 'b' });
  await server.ok('GroupService/PutGroup', { group: { id: 'g', backendIds: ['b'], ...group } });
  return server;
}

/** A running statement: from Route to its first poll. */
export async function running(server: Pick<TestGatewayserver, 'ok'>, user?: string): Promise<Submission> {
  const one = submission(server, user);
  const { leased } = await one.route();
  const { held } = await one.confirm();
  const { allowed } = await one.activate();
  if (!leased || !held || !allowed)
    throw new Error(`${one.id} does not run: ${JSON.stringify({ leased, held, allowed })}`);
  return one;
}
