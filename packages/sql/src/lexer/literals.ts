import { QUOTED } from './token-types.ts';

/** An identifier without its quotes, as it was written. */
export function textOf(sql: string, type: number, start: number, end: number): string {
  if (type !== QUOTED) return sql.slice(start, end);
  const text = sql.slice(start + 1, end - 1);
  return text.includes('"') ? text.replaceAll('""', '"') : text;
}
