import { oneLine } from '../terminal/one-line.ts';

const GAP = '  ';
const NARROWEST = 6;

/**
 * Rows as aligned columns under a head. With a width the widest columns are cut until a line fits; without one nothing
 * is cut. A cell is one line, whatever it holds.
 */
export function formatTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string[] {
  const cells = [columns, ...rows].map((row) => columns.map((_, at) => oneLine(row[at] ?? '')));
  const widths = columns.map((_, at) => cells.reduce((widest, row) => Math.max(widest, lengthOf(row[at] ?? '')), 0));
  if (width !== undefined) shrink(widths, width - GAP.length * (columns.length - 1));
  return cells.map((row) =>
    row
      .map((cell, at) => pad(cell, widths[at] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

function shrink(widths: number[], room: number): void {
  for (let total = widths.reduce((sum, one) => sum + one, 0); total > room; total--) {
    const widest = widths.indexOf(Math.max(...widths));
    const now = widths[widest] ?? 0;
    if (now <= NARROWEST) return;
    widths[widest] = now - 1;
  }
}

function pad(cell: string, width: number): string {
  const characters = [...cell];
  if (characters.length <= width) return cell + ' '.repeat(width - characters.length);
  return `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function lengthOf(cell: string): number {
  return [...cell].length;
}
