import type { Road } from './door-roads.ts';
import { CLUSTERS, type Cluster, type Door, mustAsk, routedTo } from './door-rule.ts';
import type { DoorWorld } from './door-world.ts';
import { must } from './rows.ts';
import { basic, LITERAL, WRONG_PASSWORD } from './secrets.ts';
import { ask, type Reply } from './wire.ts';

/** Who a client says it is. */
export type Credentials = { name: string; headers: readonly string[]; isPresto?: boolean; isGood?: boolean };

export const NONE: Credentials = { name: 'none', headers: ['X-Trino-User', 'alice'] };
export const OTHERS: readonly Credentials[] = [
  { name: 'wrong password', headers: [...basic('alice', WRONG_PASSWORD), 'X-Trino-User', 'alice'] },
  { name: 'right password', headers: [...basic('alice'), 'X-Trino-User', 'alice'], isGood: true },
  { name: 'right, as root', headers: [...basic('alice'), 'X-Trino-User', 'root'] },
  { name: 'two Authorizations', headers: [...basic('alice'), ...basic('bob'), 'X-Trino-User', 'alice'] },
  { name: 'X-Presto-User', headers: ['X-Presto-User', 'alice'], isPresto: true },
  { name: 'a token', headers: ['Authorization', 'Bearer abc', 'X-Trino-User', 'alice'] },
];

/** One road through one door with some credentials. */
export type Cell = { road: Road; door: Door; credentials: Credentials };

/** What must come of it: asked for credentials, let in, kept away from what is protected, refused as no request at all. */
export type Expected = 'asked' | 'in' | 'away' | '400';

const DENIED: ReadonlySet<number> = new Set([400, 401, 403]);

/** By the rule, of a gateway that is whole. */
export function expectationOf({ road, door, credentials }: Cell): Expected {
  if (door.isInvalid) return '400';
  if (road.kind === 'link') return 'in';
  const led = road.leadsTo === 'routing' ? routedTo(door) : [road.leadsTo];
  if (led.length === 0) return 'away';
  const asks = led.some((cluster) => mustAsk(door, cluster));
  if (road.kind === 'elsewhere') return 'away';
  if (!asks || credentials.isGood) return road.kind === 'own' ? 'away' : 'in';
  return 'asked';
}

/** Sends it. @throws Error when it comes to something else than expected; answers in a word what it came to */
export async function tryCell(world: DoorWorld, cell: Cell, marker: string, expected: Expected): Promise<string> {
  const reply = await send(world, cell, marker, expected !== 'in' && !cell.credentials.isGood);
  const reached = CLUSTERS.filter((id) => wasReached(world, id, marker));
  judge(cell, expected, reply, reached);
  return expected;
}

/** The same while no decision can be had: nobody is let in on a guess, whatever else the answer is. */
export async function tryCellInOutage(world: DoorWorld, cell: Cell, marker: string): Promise<string> {
  const reply = await send(world, cell, marker, true);
  const reached = CLUSTERS.filter((id) => wasReached(world, id, marker));
  const { kind, leadsTo } = cell.road;
  // What waits is known to the gatewayserver alone.
  if (kind === 'link' && leadsTo !== 'limited') judge(cell, 'in', reply, reached);
  else mustBeAway(cell, reply, reached);
  return `${reply.status}`;
}

function judge({ road, door, credentials }: Cell, expected: Expected, reply: Reply, reached: readonly Cluster[]): void {
  const saw = `${reply.status}${reply.failure ? ` ${reply.failure}` : ''}, reached ${reached.join(' and ') || 'nobody'}: ${reply.text.slice(0, 120)}`;
  switch (expected) {
    case '400':
      must(reply.status === 400 && reached.length === 0, saw);
      return;
    case 'asked':
      must(DENIED.has(reply.status) && reached.length === 0 && !reply.text.includes(LITERAL), saw);
      return;
    case 'away':
      must(reply.status !== 500, saw);
      if (!credentials.isGood) mustBeAway({ road, door, credentials }, reply, reached);
      return;
    case 'in': {
      if (road.kind === 'link') {
        must(reply.status === 200, saw);
        return;
      }
      if (credentials.name === 'two Authorizations' && reply.status === 400) return;
      const led = road.leadsTo === 'routing' ? routedTo(door) : [road.leadsTo];
      must(reached.some((id) => led.includes(id)) && reply.status > 0 && reply.status < 500, saw);
    }
  }
}

function mustBeAway({ door }: Cell, reply: Reply, reached: readonly Cluster[]): void {
  const wrong = reached.filter((id) => mustAsk(door, id));
  must(wrong.length === 0, `reached ${wrong.join(' and ')} without being asked, ${reply.status}`);
  must(!reply.text.includes(LITERAL), `read the statement of somebody else, ${reply.status}`);
  must(reply.failure === undefined, `${reply.status} ${reply.failure}`);
}

const toPresto = (line: string, at: number) => (at % 2 === 0 ? line.replace(/^X-Trino-/, 'X-Presto-') : line);

async function send(
  world: DoorWorld,
  { road, door, credentials }: Cell,
  marker: string,
  real: boolean,
): Promise<Reply> {
  const { method, path, headers = [], body } = road.request(world, real);
  const lines = [...headers, ...credentials.headers, 'X-Trino-Client-Info', marker];
  return await ask({
    port: world.portOf(door.listener),
    method,
    target: door.authority === undefined ? path : `http://${door.authority}${path}`,
    headers: [...door.hosts.flatMap((host) => ['Host', host]), ...(credentials.isPresto ? lines.map(toPresto) : lines)],
    ...(body === undefined ? {} : { body }),
  });
}

/** Whether a cluster got anything of the request that carried this marker. */
function wasReached({ clusters }: DoorWorld, id: Cluster, marker: string): boolean {
  return clusters[id].requests.some(({ rawHeaders }) => rawHeaders.includes(marker));
}
