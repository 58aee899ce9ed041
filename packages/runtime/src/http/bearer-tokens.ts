import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The tokens of a request, sent as `X-Auth-Key` or as `Authorization: Bearer`. */
export function tokensOf(headers: Headers | IncomingHttpHeaders): string[] {
  const header = (name: string) => String((headers instanceof Headers ? headers.get(name) : headers[name]) ?? '');
  const bearer = /^bearer +(\S+) *$/i.exec(header('authorization'))?.[1];
  return [header('x-auth-key'), bearer ?? ''].filter((token) => token !== '');
}

/** Compares with the token in constant time. */
export function comparison(token: string): (given: string) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}
