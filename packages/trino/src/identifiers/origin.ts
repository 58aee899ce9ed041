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
