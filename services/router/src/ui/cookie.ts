import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { allHeaders } from '@trino-gateway/trino';

// A browser has to stay with one cluster: its login there is worth nothing elsewhere, and what the pages load names no query.
// The cookie says which; it is signed with the suite's key, so that every router believes it and nobody can make one.

/** The name of the cookie; it is for routers only and never reaches a cluster. */
export const uiCookieName = 'Trino-Gateway-UI';

/** As long as a login to Trino's web UI lasts by default. */
const VALID_FOR_MS = 86_400_000;

export type UiCookieOptions = {
  /** The suite's refusal key. */
  key: KeyObject;
  /** Epoch milliseconds. */
  nowMs: number;
};

/** A Set-Cookie value that keeps this browser at a backend; `secure` when it came by https. */
export function uiCookie(backendId: string, secure: boolean, { key, nowMs }: UiCookieOptions): string {
  const payload = Buffer.from(JSON.stringify([backendId, nowMs + VALID_FOR_MS])).toString('base64url');
  const value = `${payload}.${signature(key, payload).toString('base64url')}`;
  return setCookie(value, VALID_FOR_MS / 1_000, secure);
}

/** A Set-Cookie value that lets this browser go. */
export function clearedUiCookie(secure: boolean): string {
  return setCookie('', 0, secure);
}

function setCookie(value: string, maxAgeSeconds: number, secure: boolean): string {
  const attributes = `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return `${uiCookieName}=${value}; ${attributes}`;
}

/** The backend a browser is kept at; undefined without a cookie of ours that is sound and not too old. */
export function readUiCookie(rawHeaders: readonly string[], { key, nowMs }: UiCookieOptions): string | undefined {
  for (const pair of cookiesIn(rawHeaders)) {
    if (!isOurs(pair)) continue;
    const [payload = '', given = ''] = pair.slice(pair.indexOf('=') + 1).split('.');
    const expected = signature(key, payload);
    const signed = Buffer.from(given, 'base64url');
    if (signed.length !== expected.length || !timingSafeEqual(signed, expected)) continue;
    const [backendId, untilMs] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [string, number];
    if (nowMs < untilMs) return backendId;
  }
  return undefined;
}

/** The headers without cookies of ours; all else in the Cookie lines stays. */
export function withoutUiCookie(rawHeaders: readonly string[]): readonly string[] {
  if (!cookiesIn(rawHeaders).some(isOurs)) return rawHeaders;
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    const left =
      name.toLowerCase() === 'cookie'
        ? splitCookies(value)
            .filter((pair) => !isOurs(pair))
            .join('; ')
        : value;
    if (left !== '' || value === '') kept.push(name, left);
  }
  return kept;
}

const splitCookies = (line: string) => line.split(';').map((pair) => pair.trim());
const cookiesIn = (rawHeaders: readonly string[]) => allHeaders(rawHeaders, 'cookie').flatMap(splitCookies);
const isOurs = (pair: string) => pair.startsWith(`${uiCookieName}=`);

function signature(key: KeyObject, payload: string): Buffer {
  return createHmac('sha256', key).update(`ui cookie\n${payload}`).digest();
}
