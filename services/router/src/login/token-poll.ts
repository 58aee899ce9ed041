import type { RouterConfig } from '@trino-gateway/config';
import { parseUntrustedJson } from '@trino-gateway/json';
import type { ClusterAnswer } from '../clusters/ask.ts';
import { outsideLoginLink } from '../clusters/head-links.ts';
import { answerWhole } from '../clusters/whole-answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { TryAgain } from '../http/responses.ts';
import { readAnswerBody } from '../http/upstream/answer-body.ts';
import type { LoginOwners } from '../stickiness/login-owners.ts';

export type TokenPollDeps = {
  logins: Pick<LoginOwners, 'mark'>;
  config: Pick<RouterConfig, 'poll_time_limit'>;
};

/** A token with all that Trino may put into it has some 20 KB. */
const MOST_BYTES = 262_144;

/**
 * Answers a poll for a token: the token, an error, or, while the user has not logged in, the link of the next poll.
 * @throws TryAgain when the cluster broke off its answer
 */
export async function answerTokenPoll(
  { logins, config }: TokenPollDeps,
  exchange: Exchange,
  { coordinator, body, rawHeaders, status, statusMessage }: ClusterAnswer,
): Promise<void> {
  const { client, response } = exchange;
  const bytes = await readAnswerBody(body, MOST_BYTES, config.poll_time_limit);
  if (response.destroyed) return;
  if (bytes === undefined) throw new TryAgain('The cluster where this login began broke off its answer');
  const answer = withNextLink(bytes, (url) => outsideLoginLink(url, { coordinator, client, logins, isDirect: false }));
  answerWhole(exchange, { status, statusMessage, rawHeaders, bytes: answer }, []);
}

/** What is no page of a login stays as it is, as do the bytes of a token. */
function withNextLink(bytes: Buffer, replace: (url: string) => string | undefined): Buffer {
  const page = parsed(bytes);
  const nextUri = typeof page?.nextUri === 'string' ? replace(page.nextUri) : undefined;
  return nextUri === undefined ? bytes : Buffer.from(JSON.stringify({ ...page, nextUri }));
}

function parsed(bytes: Buffer): { nextUri?: unknown } | undefined {
  try {
    const value: unknown = parseUntrustedJson(bytes.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
