import { withoutHopByHop } from '@trino-gateway/trino';
import type { RoutedQuery } from '../../chain/routed-query.ts';
import type { SentHeaders } from '../../chain/step-tools.ts';

/** They say how a message travels, or are the client's business with the gateway alone. */
const NEVER =
  /^(host|content-.*|transfer-encoding|accept|accept-encoding|expect|connection|cookie|forwarded|x-forwarded-.*)$/;

/** The headers of a client that a service gets. @param excluded in lower case; @param token of the gateway's own */
export function sentHeaders(
  { rawHeaders, credentials }: Pick<RoutedQuery, 'rawHeaders' | 'credentials'>,
  settings: { excluded: ReadonlySet<string>; sendsCredentials: boolean; token: string },
): SentHeaders {
  const { excluded, sendsCredentials, token } = settings;
  const lines = new Map<string, string[]>();
  const add = (name: string, value: string) => lines.set(name, [...(lines.get(name) ?? []), value]);
  const sent = withoutHopByHop(rawHeaders);
  for (let at = 0; at < sent.length; at += 2) {
    const name = (sent[at] ?? '').toLowerCase();
    const isCredential = name === 'authorization' || /^x-(trino|presto)-extra-credential$/.test(name);
    if (!excluded.has(name) && !NEVER.test(name) && (!isCredential || sendsCredentials)) add(name, sent[at + 1] ?? '');
  }
  for (const { name, value } of sendsCredentials ? credentials : []) {
    const lower = name.toLowerCase();
    if (!excluded.has(lower)) add(lower, value);
  }
  if (token !== '') lines.set('authorization', [`Bearer ${token}`]);
  return Object.fromEntries(lines);
}
