import { parseQueryId } from '../identifiers/query-id.ts';
import { splitCoordinatorPath } from './coordinator-path.ts';

const LONGEST_SEGMENT = 40;
const MOST_SEGMENTS = 6;

/**
 * A request target as it may stand in a log: no query, and of the path only what is known not to be a secret. Slugs and tokens of
 * statement links, secrets of waiting queries, ids of spooled segments and OAuth2 codes read `*`.
 */
export function loggedPath(target: string): string {
  const whole = /^(?:https?:\/\/[^/?#]*)?([^?#]*)/i.exec(target)?.[1] ?? '';
  const path = splitCoordinatorPath(whole)?.rest ?? whole;
  const segments = path.split('/', MOST_SEGMENTS + 2).slice(1);
  const shown = segments.slice(0, MOST_SEGMENTS).map((segment, at) => (isOpen(segment, at, segments) ? segment : '*'));
  return `/${shown.join('/')}${segments.length > MOST_SEGMENTS ? '/…' : ''}`;
}

const WORDS: ReadonlySet<string> = new Set(
  (
    'v1 statement queued executing partialCancel query killed preempted info status state uncoordinated node spooled download ack ' +
    'oauth2 token initiate callback ui api login logout stats cluster worker thread jmx mbean metrics resourceGroupState'
  ).split(' '),
);

/** A word of Trino's own paths, a file of its web UI, or the id of a query. */
function isOpen(segment: string, at: number, [first]: readonly string[]): boolean {
  if (segment === '' || WORDS.has(segment) || parseQueryId(segment) !== undefined) return true;
  return first === 'ui' && at === 1 && segment.length <= LONGEST_SEGMENT && /^[a-z]+\.(html|css|js)$/.test(segment);
}
