import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The tokens a caller shows, as `X-Auth-Key` or as `Authorization: Bearer`. */
export function tokensOf(headers: Headers | IncomingHttpHeaders): string[] {
  const header = (name: string) => String((headers instanceof Headers ? headers.get(name) : headers[name]) ?? '');
  const bearer = /^bearer +(\S+) *$/i.exec(header('authorization'))?.[1];
  return [header('x-auth-key'), bearer ?? ''].filter((token) => token !== '');
}

/** Compares in a time that tells nothing about how much of the token was right. */
export function comparison(token: string): (given: string) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}
