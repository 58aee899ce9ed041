import { randomBytes } from 'node:crypto';

let pool = randomBytes(20_000);
let used = 0;

/** A fresh secret in the form of Trino's: `y` and 40 hex digits. */
export function freshSlug(): string {
  if (used === pool.length) {
    pool = randomBytes(pool.length);
    used = 0;
  }
  used += 20;
  return `y${pool.toString('hex', used - 20, used)}`;
}

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** The five characters a coordinator draws when it starts. */
export function freshSuffix(): string {
  return Array.from(randomBytes(5), (byte) => alphabet[byte & 31]).join('');
}
