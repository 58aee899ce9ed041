import { firstInflated } from './first-inflated.ts';

const NEXT_LINK = Buffer.from('"nextUri":"');
const ROWS = Buffer.from('"data":');
const OBJECT = '{'.charCodeAt(0);
/** Links come before the rows. */
const HEAD_BYTES = 4_096;

/** Whether this page certainly has a next link. False: it is to be read by a parser. */
export function hasNextLink(encoding: string, page: Buffer): boolean {
  if (encoding === 'identity') return beginsWithNextLink(page);
  return encoding === 'gzip' && beginsWithNextLink(firstInflated(page));
}

/**
 * Whether that key stands among the links it begins with. In a text it could not, as its quotes would be escaped there; rows and objects
 * within the page, which may hold any key, come later.
 */
function beginsWithNextLink(page: Buffer): boolean {
  const head = page.length > HEAD_BYTES ? page.subarray(0, HEAD_BYTES) : page;
  const at = head.indexOf(NEXT_LINK);
  if (at === -1) return false;
  const rowsAt = head.indexOf(ROWS);
  const innerAt = head.indexOf(OBJECT, 1);
  return (rowsAt === -1 || rowsAt > at) && (innerAt === -1 || innerAt > at);
}
