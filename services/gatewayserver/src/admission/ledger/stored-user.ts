import { createHash } from 'node:crypto';
import { storedText } from '../../storage/contract/stored-text.ts';

const LENGTH = 256;

/** A user as leases and waiters name it: long names are cut, with a hash that keeps them apart, so that rows stay small. */
export function storedUser(user: string): string {
  if (user.length <= LENGTH) return storedText(user, LENGTH);
  const mark = createHash('sha256').update(user).digest('hex');
  return `${storedText(user, LENGTH - mark.length)}${mark}`;
}
