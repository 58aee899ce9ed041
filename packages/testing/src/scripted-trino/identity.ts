import { first } from './raw-headers.ts';

/** Who a request comes from, or the answer that says why nobody. */
export type Identity = { user: string; authenticatedAs: string } | { status: 401 | 403; text: string };

const challenge = 'Basic authentication or X-Trino-Original-User or X-Trino-User must be sent';

/** What a cluster that asks for credentials accepts: user → password, bearer token → user. */
export type Accepted = {
  passwords: Readonly<Record<string, string>> | undefined;
  tokens: Readonly<Record<string, string>> | undefined;
};

/**
 * With passwords or tokens every request needs one of them, over a secure connection; without, the word of the client counts.
 * Of several Authorization lines the first is read, as Trino does.
 */
export function identify(rawHeaders: readonly string[], { passwords, tokens }: Accepted, secure: boolean): Identity {
  const basic = basicCredentials(first(rawHeaders, 'authorization'));
  const named = first(rawHeaders, 'x-trino-user')?.trim() || undefined;
  if (passwords === undefined && tokens === undefined) {
    const authenticatedAs = first(rawHeaders, 'x-trino-original-user')?.trim() || named || basic?.user;
    if (authenticatedAs === undefined) return { status: 401, text: challenge };
    return { user: named ?? authenticatedAs, authenticatedAs };
  }
  if (!secure) return { status: 403, text: 'Error 403 Forbidden: Authentication over HTTP is not enabled' };
  const bearer = /^bearer\s+(\S+)$/i.exec(first(rawHeaders, 'authorization') ?? '')?.[1];
  const bearerUser = bearer === undefined ? undefined : tokens?.[bearer];
  if (bearerUser !== undefined) return { user: named ?? bearerUser, authenticatedAs: bearerUser };
  if (basic === undefined) return { status: 401, text: 'Unauthorized' };
  if (passwords?.[basic.user] !== basic.password) return { status: 401, text: 'Access Denied: Invalid credentials' };
  return { user: named ?? basic.user, authenticatedAs: basic.user };
}

function basicCredentials(header: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^basic\s+(\S+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const at = text.indexOf(':');
  return at < 1 ? undefined : { user: text.slice(0, at), password: text.slice(at + 1) };
}
