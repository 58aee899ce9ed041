import type { RouterConfig } from '@trino-gateway/config';
import { CALLBACK_PATH, firstHeader, loginPath, stateIn, type TrinoRequest } from '@trino-gateway/trino';
import { type ClusterAnswer, isRedirect } from '../clusters/ask.ts';
import { relay } from '../clusters/relay.ts';
import {
  type RequireAuthenticationDeps,
  requireAuthentication,
  requireAuthenticationAtEntryPoint,
} from '../dispatch/require-authentication.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerError, HttpError } from '../http/responses.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { LoginOwners } from '../stickiness/login-owners.ts';
import { type KeepBrowserDeps, keepBrowser } from '../ui/keep.ts';
import { type AskOwnerDeps, askOwner } from './ask-owner.ts';
import { answerTokenPoll, type TokenPollDeps } from './token-poll.ts';

export type LoginDeps = RequireAuthenticationDeps &
  AskOwnerDeps &
  TokenPollDeps &
  KeepBrowserDeps & {
    logins: Pick<LoginOwners, 'read'>;
    config: Pick<RouterConfig, 'ui'>;
  };

/** A link of a login, or what the identity provider has sent back. */
export type LoginRequest = Extract<TrinoRequest, { kind: 'login' | 'loginCallback' }>;

const unknown = 'This login was not begun here, or its cluster is gone: begin it again';

/**
 * The links of a login with OAuth2: each goes to the coordinator that began it. What was handed out by no challenge and no redirect of
 * this suite reaches no cluster.
 */
export async function login(context: LoginDeps, exchange: Exchange, asked: LoginRequest): Promise<void> {
  const { request, response } = exchange;
  await requireAuthenticationAtEntryPoint(context, exchange);
  const owned = asked.kind === 'login' ? ownerOfLink(context, asked) : ownerOfCallback(context, asked);
  if (owned === undefined) {
    if (context.gateway.signingKey() === undefined) throw new HttpError(503, 'The gateway is starting: try again');
    answerError(response, asked.kind === 'login' ? 404 : 400, unknown);
    return;
  }
  await requireAuthentication(context, exchange, [owned.coordinator]);
  const isTokenPoll = asked.kind === 'login' && asked.step === 'token' && request.method === 'GET';
  const answer = await askOwner(context, exchange, { ...owned, isPlain: isTokenPoll });
  if (answer === undefined) return;
  if (isTokenPoll && answer.status === 200) {
    await answerTokenPoll(context, exchange, answer);
    return;
  }
  const extraHeaders = leadsToUi(context, exchange, answer) ? keepBrowser(context, exchange, owned.coordinator) : [];
  await relay(exchange, answer, { extraHeaders, stallTimeMs: context.config.poll_time_limit });
}

type Owned = { coordinator: Coordinator; path: string };

function ownerOfLink({ logins }: LoginDeps, { step, id }: Extract<LoginRequest, { kind: 'login' }>): Owned | undefined {
  const read = logins.read(step, id);
  return read && { coordinator: read.coordinator, path: loginPath({ step, id: read.text }) };
}

/** The cluster gets back the state that it gave. */
function ownerOfCallback(
  { logins }: LoginDeps,
  { query }: Extract<LoginRequest, { kind: 'loginCallback' }>,
): Owned | undefined {
  const found = stateIn(query);
  const read = found && logins.read('state', found.text);
  return read && { coordinator: read.coordinator, path: `${CALLBACK_PATH}?${found.replaced(read.text)}` };
}

/** A login to the web UI ends there: the pages it leads to must be those of the same cluster. */
function leadsToUi({ config }: LoginDeps, { client }: Exchange, answer: ClusterAnswer): boolean {
  if (config.ui !== 'PROXY' || !isRedirect(answer)) return false;
  const location = firstHeader(answer.rawHeaders, 'location') ?? '';
  const path = location.replace(/^https?:\/\/[^/?#]*/i, '');
  return path.startsWith(client.prefix) && /^\/ui(?:[/?#]|$)/.test(path.slice(client.prefix.length));
}
