import { authorizationRequest, loginLink, loginPath, normalizedOrigin, withChallengeLinks } from '@trino-gateway/trino';
import { type ClientView, outsideUrl } from '../http/client-address.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { LoginOwners } from '../stickiness/login-owners.ts';
import { outsideCookie, outsideLink } from './outside-links.ts';

/** What the links in the head of an answer are made with. */
export type HeadLinkOptions = {
  coordinator: Coordinator;
  /** Whom they are for. */
  client: ClientView;
  logins: Pick<LoginOwners, 'mark'>;
  /** The client reaches the cluster itself, so its logins do not pass here. */
  isDirect: boolean;
};

/**
 * The head of an answer with links that lead the client back here: redirects and challenges of a cluster that cannot be told the outside
 * address name that address, and every link of a login says which coordinator began it; behind a path prefix cookies have it, too.
 * Addresses elsewhere stay as they are.
 */
export function withOutsideLinks(
  rawHeaders: readonly string[],
  status: number,
  options: HeadLinkOptions,
): readonly string[] {
  const name = status === 401 ? 'www-authenticate' : status >= 300 && status < 400 ? 'location' : undefined;
  const hasPrefix = options.client.prefix !== '';
  if (name === undefined && !hasPrefix) return rawHeaders;
  const replaced = name === 'location' ? outsideLocation : outsideChallenge;
  return rawHeaders.map((text, at) => {
    const header = at % 2 === 1 ? rawHeaders[at - 1]?.toLowerCase() : undefined;
    if (header === undefined) return text;
    if (header === 'set-cookie' && hasPrefix) return outsideCookie(text, options.client);
    return header === name ? replaced(text, options) : text;
  });
}

/** A link of a login as the client gets it; undefined when it leads elsewhere. */
export function outsideLoginLink(
  url: string,
  { coordinator, client, logins, isDirect }: HeadLinkOptions,
): string | undefined {
  const link = loginLink(url);
  if (link === undefined || !isFrom(url, coordinator.url, outsideUrl(client))) return undefined;
  const id = isDirect ? link.id : logins.mark(link.step, link.id, coordinator);
  return outsideUrl(client) + loginPath({ ...link, id });
}

const outsideChallenge = (line: string, options: HeadLinkOptions) =>
  withChallengeLinks(line, (url) => outsideLoginLink(url, options));

function outsideLocation(location: string, { coordinator, client, logins, isDirect }: HeadLinkOptions): string {
  const outside = outsideLink(location, { backendUrl: coordinator.url, client });
  if (isDirect || outside !== location) return outside;
  const asked = authorizationRequest(location);
  if (asked === undefined || !isFrom(asked.redirectUri, outsideUrl(client))) return location;
  // For the web UI Trino leaves the prefix out here (OAuth2WebUiAuthenticationFilter), and expects it when the browser is back.
  const back = outsideLink(asked.redirectUri, { backendUrl: coordinator.url, client });
  return asked.replaced(back, logins.mark('state', asked.state, coordinator));
}

function isFrom(url: string, ...origins: string[]): boolean {
  const origin = normalizedOrigin(url);
  return origin !== undefined && origins.some((one) => normalizedOrigin(one) === origin);
}
