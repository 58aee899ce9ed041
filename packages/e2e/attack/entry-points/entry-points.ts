import { logRows } from '../support/attack-suite.ts';
import { basic, LITERAL, WRONG_PASSWORD } from '../support/planted-secrets.ts';
import { grid, inTurn, must, type Row, row, type Table } from '../support/rows.ts';
import { ask, type Reply } from '../support/wire.ts';
import { ATTEMPTS, type Attempt, TELLING_ATTEMPTS } from './attempts.ts';
import { CLUSTERS, type Cluster, ENTRY_POINTS, type EntryPoint, mustAsk, routedTo } from './expected-check.ts';
import { type GuardedSuite, startGuardedSuite } from './guarded-suite.ts';

const CELL_MS = 15_000;
const AT_A_TIME = 12;
/** While nobody decides, many wait. */
const AT_A_TIME_IN_OUTAGE = 40;
const OUTAGE_ENTRY_POINTS: ReadonlySet<string> = new Set([
  'trino.example',
  'trino.example.',
  'no policy',
  'open.example',
  'second',
  'second+trino',
]);
const FEWEST_CELLS = 150;

type Result = { number: number; cell: Cell; row: Row; came: string };

/** Attempts down. */
const matrix = (results: readonly Result[], column: (cell: Cell) => string) =>
  grid(
    'request',
    results
      .toSorted((a, b) => a.number - b.number)
      .map(({ cell, row: { broken }, came }) => ({
        line: cell.attempt.name,
        column: column(cell),
        broken,
        text: came,
      })),
  );

/** Entry points × attempts × headers: who reaches a cluster behind delegated authentication, with the gatewayserver and without. */
export async function entryPointsTable(rows: Row[]): Promise<Table> {
  await using world = await startGuardedSuite();
  const { suite } = world;
  const tryAll = cellsTrier(rows);
  const whole = (cell: Cell, marker: string) => tryCell(world, cell, marker, expectationOf(cell));
  const valid = ENTRY_POINTS.filter(({ isInvalid }) => !isInvalid);
  const asNobody = await tryAll(cellsOf(ENTRY_POINTS, [NONE]), AT_A_TIME, whole);
  const asOthers = await tryAll(
    cellsOf(valid, OTHERS).filter(({ attempt }) => TELLING_ATTEMPTS.has(attempt.name)),
    AT_A_TIME,
    whole,
  );
  const inOutage = (cell: Cell, marker: string) => tryCellInOutage(world, cell, marker);
  const outageEntryPoints = ENTRY_POINTS.filter(({ name }) => OUTAGE_ENTRY_POINTS.has(name));
  await suite.gatewayserver.kill();
  const outage = await tryAll(cellsOf(outageEntryPoints, [NONE]), AT_A_TIME_IN_OUTAGE, inOutage);
  const restarted = await row('a router starts from its state file alone', 30_000, async () => {
    await suite.router.kill();
    await suite.router.start();
    return 'ready';
  });
  const afterRestart = await tryAll(cellsOf(outageEntryPoints, [NONE]), AT_A_TIME_IN_OUTAGE, inOutage);
  const cells = [...asNobody, ...asOthers, ...outage, ...afterRestart];
  const left = [
    restarted,
    await row('nothing of alice was ended', CELL_MS, () => nothingEnded(world)),
    await row('nothing else reached a guarded cluster', CELL_MS, () => nothingElse(world)),
    await row(`there are at least ${FEWEST_CELLS} cells`, CELL_MS, () => {
      must(cells.length >= FEWEST_CELLS, `${cells.length} cells`);
      return `${cells.length} cells`;
    }),
    ...(await logRows('entry points', suite)),
  ];
  const picture = [
    'Without credentials. asked: 401 or 403, and not one byte came to the cluster; in: it got the request; away: answered',
    'in some other way, without a cluster that must be asked for; 400: no request at all.',
    ...matrix(asNobody, ({ entry }) => entry.name),
    'With other credentials, at all entry points: cells that hold of all.',
    ...matrix(asOthers, ({ credentials }) => credentials.name),
    'The gatewayserver is killed: the status of what nobody was let in by.',
    ...matrix(outage, ({ entry }) => entry.name),
    'And the router began anew from its state file.',
    ...matrix(afterRestart, ({ entry }) => entry.name),
    ...left.filter(({ broken }) => broken === undefined).map(({ name, saw }) => `held    ${name}: ${saw}`),
  ];
  rows.push(...left);
  return { title: 'Entry points × attempts × headers', picture };
}

/** Tries cells, so many at a time: each under a marker of its own, by which what reached a cluster is known. */
function cellsTrier(rows: Row[]) {
  let number = 0;
  return async (
    cells: readonly Cell[],
    atATime: number,
    tryOne: (cell: Cell, marker: string) => Promise<string>,
  ): Promise<Result[]> => {
    const results: Result[] = [];
    await inTurn(cells, atATime, async (cell) => {
      const mine = ++number;
      let came = 'BROKEN';
      const { attempt, entry, credentials } = cell;
      const tried = await row(`${attempt.name} @ ${entry.name}, ${credentials.name}`, CELL_MS, async () => {
        came = await tryOne(cell, `cell-${mine}-`);
        return came;
      });
      results.push({ number: mine, cell, row: tried, came });
      rows.push(tried);
    });
    return results;
  };
}

function cellsOf(entries: readonly EntryPoint[], credentials: readonly Credentials[]): Cell[] {
  return ATTEMPTS.flatMap((attempt) =>
    entries.flatMap((entry) => credentials.map((one) => ({ attempt, entry, credentials: one }))),
  );
}

function nothingEnded({ clusters, victims }: GuardedSuite): string {
  const states = CLUSTERS.map((id) => clusters[id].queries.find((query) => query.id === victims[id].queryId)?.state);
  must(
    states.every((state) => state === 'RUNNING'),
    CLUSTERS.map((id, at) => `${id} ${states[at]}`).join(', '),
  );
  return 'all still run';
}

/** The monitor's questions name themselves, links are enough, and the rest of this attack carries a marker. */
function nothingElse({ clusters, before }: GuardedSuite): string {
  const odd = (['guarded', 'fallback', 'limited'] as const).flatMap((id) =>
    clusters[id].requests
      .slice(before[id])
      .filter(({ rawHeaders, path }) => {
        const isKnown = /cell-\d|trino-gateway-monitor/.test(rawHeaders.join(' '));
        return !isKnown && !/^\/v1\/(statement\/|info$)/.test(path);
      })
      .map(({ method, path }) => `${id}: ${method} ${path}`),
  );
  must(odd.length === 0, odd.slice(0, 5).join(', '));
  return 'nothing';
}

/** Who a client says it is. */
type Credentials = { name: string; headers: readonly string[]; isPresto?: boolean; isGood?: boolean };

const TWICE = 'two Authorizations';
const NONE: Credentials = { name: 'none', headers: ['X-Trino-User', 'alice'] };
const OTHERS: readonly Credentials[] = [
  { name: 'wrong password', headers: [...basic('alice', WRONG_PASSWORD), 'X-Trino-User', 'alice'] },
  { name: 'right password', headers: [...basic('alice'), 'X-Trino-User', 'alice'], isGood: true },
  { name: 'right, as root', headers: [...basic('alice'), 'X-Trino-User', 'root'] },
  { name: TWICE, headers: [...basic('alice'), ...basic('bob'), 'X-Trino-User', 'alice'] },
  { name: 'X-Presto-User', headers: ['X-Presto-User', 'alice'], isPresto: true },
  { name: 'a token', headers: ['Authorization', 'Bearer abc', 'X-Trino-User', 'alice'] },
];

/** One attempt through one entry point with some credentials. */
type Cell = { attempt: Attempt; entry: EntryPoint; credentials: Credentials };

/** What must come of it: asked for credentials, let in, kept away from what is protected, refused as no request at all. */
type Expected = 'asked' | 'in' | 'away' | '400';

const DENIED: ReadonlySet<number> = new Set([401, 403]);

/** By the rule, of a gateway that is whole. */
function expectationOf({ attempt, entry, credentials }: Cell): Expected {
  if (entry.isInvalid) return '400';
  if (attempt.kind === 'link') return 'in';
  const led = attempt.leadsTo === 'routing' ? routedTo(entry) : [attempt.leadsTo];
  if (led.length === 0) return 'away';
  const asks = led.some((cluster) => mustAsk(entry, cluster));
  if (attempt.kind === 'elsewhere') return 'away';
  if (!asks || credentials.isGood) return attempt.kind === 'own' ? 'away' : 'in';
  return 'asked';
}

/** Sends it. @throws Error when it comes to something else than expected; answers in a word what it came to */
async function tryCell(world: GuardedSuite, cell: Cell, marker: string, expected: Expected): Promise<string> {
  const reply = await send(world, cell, marker, expected !== 'in' && !cell.credentials.isGood);
  const reached = CLUSTERS.filter((id) => wasReached(world, id, marker));
  judge(cell, expected, reply, reached);
  return expected;
}

/** The same while no decision can be had: nobody is let in on a guess, whatever else the answer is. */
async function tryCellInOutage(world: GuardedSuite, cell: Cell, marker: string): Promise<string> {
  const reply = await send(world, cell, marker, isProtected(cell));
  const reached = CLUSTERS.filter((id) => wasReached(world, id, marker));
  const { kind, leadsTo } = cell.attempt;
  // What waits is known to the gatewayserver alone.
  if (kind === 'link' && leadsTo !== 'limited') judge(cell, 'in', reply, reached);
  else mustBeAway(cell, reply, reached);
  return `${reply.status}`;
}

function judge(
  { attempt, entry, credentials }: Cell,
  expected: Expected,
  reply: Reply,
  reached: readonly Cluster[],
): void {
  const saw = `${reply.status}${reply.failure ? ` ${reply.failure}` : ''}, reached ${reached.join(' and ') || 'nobody'}: ${reply.text.slice(0, 120)}`;
  switch (expected) {
    case '400':
      must(reply.status === 400 && reached.length === 0, saw);
      return;
    case 'asked':
      must(
        (DENIED.has(reply.status) || (reply.status === 400 && credentials.name === TWICE)) &&
          reached.length === 0 &&
          !reply.text.includes(LITERAL),
        saw,
      );
      return;
    case 'away':
      must(reply.status !== 500, saw);
      if (!credentials.isGood) mustBeAway({ attempt, entry, credentials }, reply, reached);
      return;
    case 'in': {
      if (attempt.kind === 'link') {
        must(reply.status === 200, saw);
        return;
      }
      if (credentials.name === TWICE && reply.status === 400) return;
      const led = attempt.leadsTo === 'routing' ? routedTo(entry) : [attempt.leadsTo];
      // Where there is no room a statement waits.
      const isIn =
        reached.some((id) => led.includes(id)) || (led.includes('limited') && attempt.name === 'POST statement');
      must(isIn && reply.status > 0 && reply.status < 500, saw);
    }
  }
}

/** Whether what it is about is behind the check at this entry point. */
const isProtected = ({ attempt: { leadsTo }, entry }: Cell) => leadsTo === 'routing' || mustAsk(entry, leadsTo);

function mustBeAway(cell: Cell, reply: Reply, reached: readonly Cluster[]): void {
  const { entry } = cell;
  const wrong = reached.filter((id) => mustAsk(entry, id));
  must(wrong.length === 0, `reached ${wrong.join(' and ')} without being asked, ${reply.status}`);
  must(!isProtected(cell) || !reply.text.includes(LITERAL), `read the statement of somebody else, ${reply.status}`);
  must(reply.failure === undefined, `${reply.status} ${reply.failure}`);
}

const toPresto = (line: string, at: number) => (at % 2 === 0 ? line.replace(/^X-Trino-/, 'X-Presto-') : line);

async function send(
  world: GuardedSuite,
  { attempt, entry, credentials }: Cell,
  marker: string,
  real: boolean,
): Promise<Reply> {
  const { method, path, headers = [], body } = attempt.request(world, real);
  const lines = [...headers, ...credentials.headers, 'X-Trino-Client-Info', marker];
  return await ask({
    port: world.portOf(entry.listener),
    method,
    target: entry.authority === undefined ? path : `http://${entry.authority}${path}`,
    headers: [
      ...entry.hosts.flatMap((host) => ['Host', host]),
      ...(credentials.isPresto ? lines.map(toPresto) : lines),
    ],
    ...(body === undefined ? {} : { body }),
  });
}

/** Whether a cluster got anything of the request that carried this marker. */
function wasReached({ clusters }: GuardedSuite, id: Cluster, marker: string): boolean {
  return clusters[id].requests.some(({ rawHeaders }) => rawHeaders.includes(marker));
}
