import { setTimeout as delay } from 'node:timers/promises';

/** One thing that was tried. `broken`: what was seen instead of what must hold. */
export type Row = { name: string; broken?: string; saw: string; ms: number };

/** How a theme is printed; `picture` stands above the rows, of which then only the broken ones are shown. */
export type Table = { title: string; picture: readonly string[] };

/** Thrown, by `must`, when what must hold does not. */
class NotHeldError extends Error {}

const LONGEST = 700;
const MOST_SHOWN = 60;

/** @throws Error that makes the row broken */
export function must(holds: boolean, saw: string): void {
  if (!holds) throw new NotHeldError(saw);
}

/** Tries one thing: it holds when the attempt answers, with what was seen, within its time limit. */
export async function row(name: string, limitMs: number, attempt: () => Promise<string> | string): Promise<Row> {
  const began = performance.now();
  const over = new AbortController();
  const limit = delay(limitMs, undefined, { signal: over.signal }).then(
    () => {
      throw new NotHeldError(`no end within ${limitMs} ms`);
    },
    () => '',
  );
  try {
    const saw = oneLine(await Promise.race([attempt(), limit]));
    return { name, saw, ms: performance.now() - began };
  } catch (error) {
    const what = error instanceof NotHeldError ? error.message : String(error);
    return { name, broken: oneLine(what), saw: '', ms: performance.now() - began };
  } finally {
    over.abort();
  }
}

const oneLine = (text: string) => text.replaceAll(/[\s\p{Cc}]+/gu, ' ').slice(0, LONGEST);

/** Calls it for every item, so many at a time. */
export async function inTurn<T>(items: readonly T[], atATime: number, call: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await call(item);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

/** One place of a grid. */
export type GridCell = { line: string; column: string; broken: string | undefined; text: string };

/** Lines down and columns across, in the order they come; several cells in one place show how many of them hold. */
export function grid(corner: string, cells: readonly GridCell[]): string[] {
  const columns = [...new Set(cells.map(({ column }) => column))];
  const byLine = Map.groupBy(cells, ({ line }) => line);
  const lines = [...byLine].map(([line, ofLine]) => [
    line,
    ...columns.map((column) => {
      const here = ofLine.filter((cell) => cell.column === column);
      const held = here.filter(({ broken }) => broken === undefined);
      if (here.length !== 1) return here.length === 0 ? '-' : `${held.length}/${here.length}`;
      return held[0]?.text ?? 'BROKEN';
    }),
  ]);
  const all = [[corner, ...columns], ...lines];
  const widths = all[0]?.map((_, at) => Math.max(...all.map((texts) => texts[at]?.length ?? 0)) + 1) ?? [];
  const pad = (texts: string[]) => texts.map((text, at) => text.padEnd(widths[at] ?? 0)).join('');
  return ['', ...all.map((texts) => pad(texts).trimEnd()), ''];
}

/** Prints a table, the broken rows in full. */
export function printTable({ title, picture }: Table, rows: readonly Row[]): void {
  const width = Math.min(70, Math.max(...rows.map(({ name }) => name.length)));
  console.log(`\n## ${title}\n`);
  for (const line of picture) console.log(line);
  // A picture shows what held already.
  const shown = picture.length > 0 ? rows.filter(({ broken }) => broken !== undefined) : rows;
  for (const { name, broken, saw, ms } of shown.slice(0, MOST_SHOWN)) {
    const seconds = `${(ms / 1_000).toFixed(1)} s`.padStart(6);
    console.log(`${broken === undefined ? 'held  ' : 'BROKEN'} ${seconds}  ${name.padEnd(width)}  ${broken ?? saw}`);
  }
  if (shown.length > MOST_SHOWN) console.log(`… and ${shown.length - MOST_SHOWN} more`);
  const failed = rows.filter(({ broken }) => broken !== undefined).length;
  console.log(`${title}: ${rows.length - failed} held, ${failed} broken`);
}
