import { isCoordinatorSuffix } from '../identifiers/query-id.ts';

/** What a link says of the coordinator that it leads to: the suffix of its query ids, and a code by which the gateway knows its own links. */
export type NamedCoordinator = { suffix: string; code: string };

const base = '/v1/coordinator/';
const code = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Links to spooled segments hold an id that only their coordinator can read. So the links of a query that spools lie below a path that names
 * its coordinator: `/v1/coordinator/93wed.CODE/v1/spooled/download/…`.
 */
export const coordinatorPath = (named: NamedCoordinator): string => `${base}${named.suffix}.${named.code}`;

/** The coordinator that a path names, and the path below it; undefined where it names none. */
export function splitCoordinatorPath(path: string): { named: NamedCoordinator; rest: string } | undefined {
  if (!path.startsWith(base)) return undefined;
  const end = path.indexOf('/', base.length);
  const [suffix = '', given = '', ...more] = path.slice(base.length, Math.max(0, end)).split('.');
  if (!isCoordinatorSuffix(suffix) || !code.test(given) || more.length > 0) return undefined;
  return { named: { suffix, code: given }, rest: path.slice(end) };
}
