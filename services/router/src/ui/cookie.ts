import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { ClientView } from '../http/client-address.ts';
import { cookiesIn, isGatewayCookie, uiCookieName } from '../http/gateway-cookie.ts';

// A browser has to stay with one cluster: its login there is worth nothing elsewhere, and what the pages load names no query.
// The cookie says which. It is signed with the suite's key: every router accepts it, and nobody else can make one.

/** As long as a login to Trino's web UI lasts by default. */
const VALID_FOR_MS = 86_400_000;

export type UiCookieOptions = {
  /** The suite's signing key. */
  key: KeyObject;
  /** Epoch milliseconds. */
  nowMs: number;
};

/** By what address the browser came. */
type Seen = Pick<ClientView, 'scheme' | 'prefix'>;

/** A Set-Cookie value that keeps this browser at a backend. */
export function uiCookie(backendId: string, seen: Seen, { key, nowMs }: UiCookieOptions): string {
  const payload = Buffer.from(JSON.stringify([backendId, nowMs + VALID_FOR_MS])).toString('base64url');
  const value = `${payload}.${signature(key, payload).toString('base64url')}`;
  return setCookie(value, VALID_FOR_MS / 1_000, seen);
}

/** A Set-Cookie value that deletes the cookie. */
export function clearedUiCookie(seen: Seen): string {
  return setCookie('', 0, seen);
}

function setCookie(value: string, maxAgeSeconds: number, { scheme, prefix }: Seen): string {
  const secure = scheme === 'https' ? '; Secure' : '';
  const attributes = `Path=${prefix || '/'}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
  return `${uiCookieName}=${value}; ${attributes}`;
}

/** The backend a browser is kept at; undefined without a cookie of the gateway's that is valid and not too old. */
export function readUiCookie(rawHeaders: readonly string[], { key, nowMs }: UiCookieOptions): string | undefined {
  for (const pair of cookiesIn(rawHeaders)) {
    if (!isGatewayCookie(pair)) continue;
    const [payload = '', given = ''] = pair.slice(pair.indexOf('=') + 1).split('.');
    const expected = signature(key, payload);
    const signed = Buffer.from(given, 'base64url');
    if (signed.length !== expected.length || !timingSafeEqual(signed, expected)) continue;
    const [backendId, untilMs] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [string, number];
    if (nowMs < untilMs) return backendId;
  }
  return undefined;
}

function signature(key: KeyObject, payload: string): Buffer {
  return createHmac('sha256', key).update(`ui cookie\n${payload}`).digest();
}
