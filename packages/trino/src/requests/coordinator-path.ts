import { isCoordinatorSuffix } from '../identifiers/query-id.ts';

/**
 * Links to spooled segments hold an id that only their coordinator can read. So the links of a query that spools lie below a path that names
 * its coordinator by the suffix of its query ids: `/v1/coordinator/93wed/v1/spooled/download/…`.
 */
export const coordinatorPath = (suffix: string): string => `${base}${suffix}`;

const base = '/v1/coordinator/';

/** The suffix that a path names, and the path below it; undefined where it names none. */
export function splitCoordinatorPath(path: string): { suffix: string; rest: string } | undefined {
  if (!path.startsWith(base)) return undefined;
  const end = path.indexOf('/', base.length);
  const suffix = path.slice(base.length, end);
  return end > 0 && isCoordinatorSuffix(suffix) ? { suffix, rest: path.slice(end) } : undefined;
}
