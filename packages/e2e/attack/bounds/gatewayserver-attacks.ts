import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inTurn, must } from '../support/rows.ts';
import { ask, describeCounts } from '../support/wire.ts';
import type { Attack, BoundsWorld } from './router-attacks.ts';

const DEEP = 100_000;
const MOST_DATABASE_MB = 300;
/** By default 1,000 of one user, and those that run. */
const MOST_QUEUED = 1_010;
const FLOOD_MS = 8_000;
const JSON_TYPE = ['Content-Type', 'application/json'];
const RPC = '/trinogateway.v1.BackendService';

type Stats = { groups?: { groupId?: string; id?: string; queued?: number }[] };

/** How many wait in all. */
async function queued({ suite }: BoundsWorld): Promise<number> {
  const { groups = [] } = await suite.call<Stats>('QueueService/GetQueueStats', {});
  return groups.reduce((sum, group) => sum + (group.queued ?? 0), 0);
}

function databaseMb({ suite: { dataFolder } }: BoundsWorld): number {
  const sizes = readdirSync(dataFolder).map((name) => statSync(join(dataFolder, name)).size);
  return sizes.reduce((sum, size) => sum + size, 0) / 1_048_576;
}

/** Submits it for the limited group; answers the status. */
async function submit({ port }: BoundsWorld, user: string, body: string | Buffer, from: string): Promise<number> {
  const headers = ['Host', 'limited.example', 'X-Trino-User', user];
  const asking = { port, method: 'POST', target: '/v1/statement', headers, body, from };
  const { status } = await ask({ ...asking, timeMs: FLOOD_MS });
  return status;
}

async function bigWaiting(world: BoundsWorld): Promise<string> {
  const body = Buffer.alloc(11_000_000, 'SELECT 1, ');
  const statuses = new Map<number, number>();
  await submit(world, 'mallory', 'SELECT held', '127.0.0.30');
  const over = performance.now() + FLOOD_MS;
  await inTurn(Array.from({ length: 30 }), 3, async () => {
    if (performance.now() > over) return;
    const status = await submit(world, 'mallory', body, '127.0.0.30');
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  });
  const [waiting, size] = [await queued(world), databaseMb(world)];
  const saw = `${waiting} wait, the database has ${size.toFixed(0)} MB, answers ${describeCounts(statuses)}`;
  must(waiting < 30 && size < MOST_DATABASE_MB, saw);
  return saw;
}

async function manyWaiting(world: BoundsWorld): Promise<string> {
  const over = performance.now() + FLOOD_MS;
  let submitted = 0;
  await inTurn(Array.from({ length: 3_000 }), 64, async () => {
    if (performance.now() > over) return;
    await submit(world, 'mallory', 'SELECT 1', '127.0.0.31');
    submitted += 1;
  });
  const waiting = await queued(world);
  const status = await submit(world, 'honest', 'SELECT 2', '127.0.0.9');
  const asking = { user: 'honest', pageSize: 10 };
  const { queries = [] } = await world.suite.call<{ queries?: unknown[] }>('QueueService/ListQueued', asking);
  const saw = `${submitted} submitted, ${waiting} wait; of the honest one ${queries.length}, ${status}`;
  must(waiting <= MOST_QUEUED && status === 200 && queries.length === 1, saw);
  return saw;
}

type Try = { name: string; target: string; method?: string; headers: readonly string[]; body: string | Buffer };

const framed = (body: Buffer) => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};
const nested = (open: string, close: string) => `${open.repeat(DEEP)}1${close.repeat(DEEP)}`;
const deepList = nested('[', ']');
const deepObject = `{"backend":${nested('{"a":', '}')}}`;
const GRPC_WEB_JSON = ['Content-Type', 'application/grpc-web+json'];
const EVENTS = '/v1/trino/events';

const NESTED: readonly Try[] = [
  { name: 'Connect list', target: `${RPC}/PutBackend`, headers: JSON_TYPE, body: `{"backend":${deepList}}` },
  { name: 'Connect object', target: `${RPC}/PutBackend`, headers: JSON_TYPE, body: deepObject },
  { name: 'REST', method: 'PUT', target: '/api/v1/backends/x', headers: JSON_TYPE, body: deepObject },
  { name: 'REST list', method: 'PUT', target: '/api/v1/backends/x', headers: JSON_TYPE, body: deepList },
  { name: 'REST decide', target: '/api/v1/routing:decide', headers: JSON_TYPE, body: deepObject },
  { name: 'events', target: EVENTS, headers: JSON_TYPE, body: deepObject },
  { name: 'events list', target: EVENTS, headers: JSON_TYPE, body: deepList },
  { name: 'gRPC-web', target: `${RPC}/PutBackend`, headers: GRPC_WEB_JSON, body: framed(Buffer.from(deepObject)) },
  {
    name: 'REST, 10 MB',
    method: 'PUT',
    target: '/api/v1/backends/x',
    headers: JSON_TYPE,
    body: '['.repeat(10_000_000),
  },
  { name: 'Connect, 10 MB', target: `${RPC}/PutBackend`, headers: JSON_TYPE, body: '['.repeat(10_000_000) },
  { name: 'events, 10 MB', target: EVENTS, headers: JSON_TYPE, body: '{"a":'.repeat(2_000_000) },
];

const garbage = Buffer.from('ffffffff0f0a0b0c', 'hex');
const type = (value: string) => ['Content-Type', value];
const lone = '{"id":"\\ud800"}';
const UNDECODABLE: readonly Try[] = [
  { name: 'Connect proto', target: `${RPC}/PutBackend`, headers: type('application/proto'), body: garbage },
  {
    name: 'gRPC-web proto',
    target: `${RPC}/PutBackend`,
    headers: type('application/grpc-web+proto'),
    body: framed(garbage),
  },
  {
    name: 'gRPC-web, no frame',
    target: `${RPC}/PutBackend`,
    headers: type('application/grpc-web+proto'),
    body: garbage,
  },
  { name: 'Connect JSON, no JSON', target: `${RPC}/PutBackend`, headers: JSON_TYPE, body: garbage },
  { name: 'events', target: EVENTS, headers: JSON_TYPE, body: garbage },
  {
    name: 'gRPC-web, lone surrogate',
    target: `${RPC}/GetBackend`,
    headers: GRPC_WEB_JSON,
    body: framed(Buffer.from(lone)),
  },
  { name: 'Connect, lone surrogate', target: `${RPC}/GetBackend`, headers: JSON_TYPE, body: lone },
  {
    name: 'Put, lone surrogate',
    target: `${RPC}/PutBackend`,
    headers: GRPC_WEB_JSON,
    body: framed(Buffer.from(`{"backend":${lone}}`)),
  },
  {
    name: 'REST, lone surrogate',
    method: 'PUT',
    target: '/api/v1/backends/x',
    headers: JSON_TYPE,
    body: lone.replace('id', 'ud\\ud800'),
  },
];

/** Each so often, a few at a time: every answer says that the request was at fault. */
async function allAtFault({ suite }: BoundsWorld, tries: readonly Try[], times: number): Promise<string> {
  const port = Number(new URL(suite.gatewayserver.url).port);
  const seen = new Map<string, string>();
  const wrong = new Set<string>();
  await inTurn(
    Array.from({ length: times }).flatMap(() => tries),
    4,
    async ({ name, method = 'POST', ...asking }) => {
      const { status, headers, text, failure } = await ask({ port, method, ...asking });
      // gRPC says it in trailers: INTERNAL (13) and UNKNOWN (2) would be our fault.
      const grpc = headers['grpc-status'] ?? /grpc-status: *(\d+)/.exec(text)?.[1];
      const isFault =
        status === 200 ? grpc !== undefined && !['0', '2', '13'].includes(String(grpc)) : status >= 400 && status < 500;
      const came = failure ?? (grpc === undefined ? `${status}` : `${status}/grpc ${grpc}`);
      seen.set(name, came);
      if (!isFault) wrong.add(`${name} ${came}`);
    },
  );
  must(wrong.size === 0, [...wrong].join(', '));
  return [...seen].map(([name, came]) => `${name} ${came}`).join(', ');
}

/** What somebody who reaches it can do to the gatewayserver, through a router or by its own port. */
export const gatewayserverAttacks: readonly Attack[] = [
  { name: '30 statements of 11 MB for a full group', limitMs: 20_000, run: bigWaiting },
  { name: '3,000 statements of one user for a full group', limitMs: 20_000, run: manyWaiting },
  { name: `JSON nested ${DEEP} deep`, limitMs: 20_000, run: (world) => allAtFault(world, NESTED, 2) },
  { name: 'messages nobody can decode', limitMs: 10_000, run: (world) => allAtFault(world, UNDECODABLE, 2) },
];
