import { logRows } from './attack-suite.ts';
import { type Cell, type Credentials, expectationOf, NONE, OTHERS, tryCell, tryCellInOutage } from './door-cells.ts';
import { ROADS, TELLING_ROADS } from './door-roads.ts';
import { CLUSTERS, DOORS, type Door } from './door-rule.ts';
import { type DoorWorld, startDoorWorld } from './door-world.ts';
import { grid, inTurn, must, type Row, row, type Table } from './rows.ts';

const CELL_MS = 15_000;
const AT_A_TIME = 12;
/** While nobody decides, many wait. */
const AT_A_TIME_IN_OUTAGE = 40;
const OUTAGE_DOORS: ReadonlySet<string> = new Set([
  'trino.example',
  'trino.example.',
  'no policy',
  'open.example',
  'second',
  'second+trino',
]);
const FEWEST_CELLS = 150;

type Result = { number: number; cell: Cell; row: Row; came: string };

/** Roads down. */
const matrix = (results: readonly Result[], column: (cell: Cell) => string) =>
  grid(
    'road',
    results
      .toSorted((a, b) => a.number - b.number)
      .map(({ cell, row: { broken }, came }) => ({ line: cell.road.name, column: column(cell), broken, text: came })),
  );

/** Doors × roads × headers: who reaches a cluster behind delegated authentication, with the gatewayserver and without. */
export async function doorsTable(): Promise<Table> {
  await using world = await startDoorWorld();
  const { suite } = world;
  let number = 0;
  const tryAll = async (
    cells: readonly Cell[],
    atATime: number,
    attempt: (cell: Cell, marker: string) => Promise<string>,
  ) => {
    const results: Result[] = [];
    await inTurn(cells, atATime, async (cell) => {
      const mine = ++number;
      const marker = `cell-${mine}-`;
      let came = 'BROKEN';
      const { road, door, credentials } = cell;
      const tried = await row(`${road.name} @ ${door.name}, ${credentials.name}`, CELL_MS, async () => {
        came = await attempt(cell, marker);
        return came;
      });
      results.push({ number: mine, cell, row: tried, came });
    });
    return results;
  };
  const whole = (cell: Cell, marker: string) => tryCell(world, cell, marker, expectationOf(cell));
  const valid = DOORS.filter(({ isInvalid }) => !isInvalid);
  const asNobody = await tryAll(cellsOf(DOORS, [NONE]), AT_A_TIME, whole);
  const asOthers = await tryAll(
    cellsOf(valid, OTHERS).filter(({ road }) => TELLING_ROADS.has(road.name)),
    AT_A_TIME,
    whole,
  );
  const inOutage = (cell: Cell, marker: string) => tryCellInOutage(world, cell, marker);
  const outageDoors = DOORS.filter(({ name }) => OUTAGE_DOORS.has(name));
  await suite.gatewayserver.kill();
  const outage = await tryAll(cellsOf(outageDoors, [NONE]), AT_A_TIME_IN_OUTAGE, inOutage);
  const restarted = await row('a router starts from its state file alone', 30_000, async () => {
    await suite.router.kill();
    await suite.router.start();
    return 'ready';
  });
  const afterRestart = await tryAll(cellsOf(outageDoors, [NONE]), AT_A_TIME_IN_OUTAGE, inOutage);
  const cells = [...asNobody, ...asOthers, ...outage, ...afterRestart];
  const left = [
    restarted,
    await row('nothing of alice was ended', CELL_MS, () => nothingEnded(world)),
    await row('nothing else reached a guarded cluster', CELL_MS, () => nothingElse(world)),
    await row(`there are at least ${FEWEST_CELLS} cells`, CELL_MS, () => {
      must(cells.length >= FEWEST_CELLS, `${cells.length} cells`);
      return `${cells.length} cells`;
    }),
    ...(await logRows('doors', suite)),
  ];
  const picture = [
    'Without credentials. asked: 401 or 403, and not one byte came to the cluster; in: it got the request; away: answered',
    'in some other way, without a cluster that must be asked for; 400: no request at all.',
    ...matrix(asNobody, ({ door }) => door.name),
    'With other credentials, at all doors: cells that hold of all.',
    ...matrix(asOthers, ({ credentials }) => credentials.name),
    'The gatewayserver is killed: the status of what nobody was let in by.',
    ...matrix(outage, ({ door }) => door.name),
    'And the router began anew from its state file.',
    ...matrix(afterRestart, ({ door }) => door.name),
    ...left.filter(({ broken }) => broken === undefined).map(({ name, saw }) => `held    ${name}: ${saw}`),
  ];
  return { title: 'Doors × roads × headers', picture, rows: [...cells.map((result) => result.row), ...left] };
}

function cellsOf(doors: readonly Door[], credentials: readonly Credentials[]): Cell[] {
  return ROADS.flatMap((road) => doors.flatMap((door) => credentials.map((one) => ({ road, door, credentials: one }))));
}

function nothingEnded({ clusters, victims }: DoorWorld): string {
  const states = CLUSTERS.map((id) => clusters[id].queries.find((query) => query.id === victims[id].queryId)?.state);
  must(
    states.every((state) => state === 'RUNNING'),
    CLUSTERS.map((id, at) => `${id} ${states[at]}`).join(', '),
  );
  return 'all still run';
}

/** The monitor's questions name themselves, links are enough, and the rest of this attack carries a marker. */
function nothingElse({ clusters, before }: DoorWorld): string {
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
