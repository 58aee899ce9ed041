const LONGEST = 512;
// What no server, proxy or client reads as another path, and what needs no quotes in a header.
const segments = /^(?:\/[A-Za-z0-9_~@+.-]+)+$/;
/** Below these the router has its own paths: with such a prefix a request could be meant in two ways. */
const own = /^\/(?:v1|ui|oauth2)(?:\/|$)/i;

/**
 * The path below which a proxy serves the router: `/trino` of `/trino`, `/trino/` or `trino`, empty for `/` and for nothing. Undefined
 * for what is no plain path: `..`, `//`, spaces, escapes, schemes.
 */
export function readPathPrefix(text: string): string | undefined {
  const given = text.trim();
  if (given.length > LONGEST) return undefined;
  const path = `/${given}`.replace(/^\/\//, '/').replace(/\/$/, '');
  if (path === '') return path;
  const isPlain = segments.test(path) && !own.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path);
  return isPlain ? path : undefined;
}
