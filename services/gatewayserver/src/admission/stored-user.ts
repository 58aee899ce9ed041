import { storedText } from '../storage/stored-text.ts';

const LENGTH = 256;

/** A user as leases and waiters name it: cut, so that no name makes rows large. */
export function storedUser(user: string): string {
  return storedText(user, LENGTH);
}
