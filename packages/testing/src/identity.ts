import { first } from './raw-headers.ts';

/** Who a request comes from, or the answer that says why nobody. */
export type Identity = { user: string; authenticatedAs: string } | { status: 401 | 403; text: string };

const challenge = 'Basic authentication or X-Trino-Original-User or X-Trino-User must be sent';

/** With `passwords` every request needs one of them, over a secure connection; without, the word of the client counts. */
export function identify(
  rawHeaders: readonly string[],
  passwords: Readonly<Record<string, string>> | undefined,
  secure: boolean,
): Identity {
  const basic = basicCredentials(first(rawHeaders, 'authorization'));
  const told = first(rawHeaders, 'x-trino-user')?.trim() || undefined;
  if (passwords === undefined) {
    const authenticatedAs = first(rawHeaders, 'x-trino-original-user')?.trim() || told || basic?.user;
    if (authenticatedAs === undefined) return { status: 401, text: challenge };
    return { user: told ?? authenticatedAs, authenticatedAs };
  }
  if (!secure) return { status: 403, text: 'Error 403 Forbidden: Authentication over HTTP is not enabled' };
  if (basic === undefined) return { status: 401, text: 'Unauthorized' };
  if (passwords[basic.user] !== basic.password) return { status: 401, text: 'Access Denied: Invalid credentials' };
  return { user: told ?? basic.user, authenticatedAs: basic.user };
}

function basicCredentials(header: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^basic\s+(\S+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const at = text.indexOf(':');
  return at < 1 ? undefined : { user: text.slice(0, at), password: text.slice(at + 1) };
}
