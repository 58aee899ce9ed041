// How a client logs in with OAuth2 (Trino's OAuth2TokenExchangeResource, OAuth2CallbackResource): a challenge names two links, one that a
// browser opens and one that the client polls for the token; the identity provider sends the browser back to the callback with the
// `state` that the cluster gave it. All of them mean something only to the coordinator that made them.

/** The links of a login: a browser begins it, a client polls for its token. Their last part is an id. */
export type LoginStep = 'initiate' | 'token';

/** A link of a login. */
export type LoginLink = { step: LoginStep; id: string };

/** Where an identity provider sends browsers back to. */
export const CALLBACK_PATH = '/oauth2/callback';

/** Longer than any of Trino's: a state has some 300 characters, an id 64. */
const LONGEST_ID = 256;
const LONGEST_STATE = 4_096;
const link = /\/oauth2\/token\/(initiate\/)?([A-Za-z0-9._-]+)$/;
const linksOfChallenge = /\b(x_(?:redirect|token)_server)="([^"]*)"/gi;

/** The link of a login in a path, or at the end of a URL; undefined when it is none. */
export function loginLink(url: string): LoginLink | undefined {
  const [, initiate, id = ''] = link.exec(url) ?? [];
  if (id === '' || id.length > LONGEST_ID) return undefined;
  return { step: initiate === undefined ? 'token' : 'initiate', id };
}

/** The path of such a link. */
export function loginPath({ step, id }: LoginLink): string {
  return `/oauth2/token/${step === 'initiate' ? 'initiate/' : ''}${id}`;
}

/** A WWW-Authenticate line with other links; where `replace` gives none, the link stays. */
export function withChallengeLinks(line: string, replace: (url: string) => string | undefined): string {
  return line.replace(linksOfChallenge, (text, name: string, url: string) => {
    const replaced = replace(url);
    return replaced === undefined ? text : `${name}="${replaced}"`;
  });
}

/** A text in a query string; `replaced` gives the query string with another one, and every other byte as it was. */
type Parameter = { text: string; replaced: (text: string) => string };

/** The `state` of a query string; undefined when there is none, it is named twice, too long, or cannot be read. */
export function stateIn(query: string): Parameter | undefined {
  const state = parameterIn(query, 'state');
  return state !== undefined && state.text !== '' && state.text.length <= LONGEST_STATE ? state : undefined;
}

/** A redirect to an identity provider: where that is to send the browser back to, and with what state. */
export type AuthorizationRequest = {
  redirectUri: string;
  state: string;
  /** The redirect with others. */
  replaced: (redirectUri: string, state: string) => string;
};

/** Reads such a redirect; undefined for any other address. */
export function authorizationRequest(location: string): AuthorizationRequest | undefined {
  const [, before = '', query, after = ''] = /^([^?#]*)\?([^#]*)(.*)$/s.exec(location) ?? [];
  const back = query === undefined ? undefined : parameterIn(query, 'redirect_uri');
  const state = query === undefined ? undefined : stateIn(query);
  if (back === undefined || state === undefined || !back.text.endsWith(CALLBACK_PATH)) return undefined;
  const replaced = (redirectUri: string, other: string) => {
    const there = redirectUri === back.text ? (query ?? '') : back.replaced(redirectUri);
    return `${before}?${stateIn(there)?.replaced(other) ?? there}${after}`;
  };
  return { redirectUri: back.text, state: state.text, replaced };
}

function parameterIn(query: string, name: string): Parameter | undefined {
  const pairs = query.split('&');
  const [at, ...others] = pairs.flatMap((pair, index) => (nameIn(pair) === name ? [index] : []));
  if (at === undefined || others.length > 0) return undefined;
  const text = valueIn(pairs[at] ?? '');
  if (text === undefined) return undefined;
  return { text, replaced: (other) => pairs.with(at, `${name}=${encodeURIComponent(other)}`).join('&') };
}

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
};
const nameIn = (pair: string) => decoded(pair.split('=', 1)[0] ?? '');
const valueIn = (pair: string) => (pair.includes('=') ? decoded(pair.slice(pair.indexOf('=') + 1)) : '');
