import { UsageError } from '../terminal/usage-error.ts';

const MOST = 100_000;

/** What `--limit` says. @throws UsageError when it is no number from 1 to 100,000 */
export function readLimit(text: string): number {
  const limit = limitOf(text);
  if (limit === undefined) throw new UsageError(limitProblem(text));
  return limit;
}

/** The number, or undefined when it is none from 1 to 100,000. */
export function limitOf(text: string): number | undefined {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return limit < 1 || limit > MOST ? undefined : limit;
}

/** What is wrong with it. */
export function limitProblem(text: string): string {
  return `--limit: expected 1 to ${MOST}, got "${text}"`;
}
