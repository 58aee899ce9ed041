const origin = /^(https?):\/\/([^/?#\\]*)/i;

/** `scheme://authority` at the beginning of a URL, as written; undefined when it begins otherwise. */
export function originIn(url: string): string | undefined {
  return origin.exec(url)?.[0];
}

/** The origin of a URL in the form in which origins are compared: lower case, without the default port. */
export function normalizedOrigin(url: string): string | undefined {
  const match = origin.exec(url);
  if (match === null) return undefined;
  const scheme = (match[1] ?? '').toLowerCase();
  const authority = (match[2] ?? '').toLowerCase();
  return `${scheme}://${authority.replace(scheme === 'https' ? /:443$/ : /:80$/, '')}`;
}

/**
 * What follows in a URL that is `base` or below it, as written: path, query and fragment. Undefined for any other URL.
 * @param base an origin, and perhaps a path without a slash at its end
 */
export function restBelow(url: string, base: string): string | undefined {
  const found = originIn(url);
  if (found === undefined || normalizedOrigin(url) !== normalizedOrigin(base)) return undefined;
  const rest = url.slice(found.length);
  const path = base.slice(originIn(base)?.length ?? 0).replace(/\/$/, '');
  return rest.startsWith(path) && /^(?:[/?#]|$)/.test(rest.slice(path.length)) ? rest.slice(path.length) : undefined;
}
