import { parseUntrustedJson } from '@trino-gateway/json';
import { readBytes } from '@trino-gateway/runtime';
import { z } from 'zod';
import {
  type RazorpayConfiguration,
  razorpayBackend,
  razorpayGroup,
  razorpayPolicy,
  readObjects,
  SourceUnreadableError,
} from './model.ts';

/** Where a razorpay/trino-gateway runs, and how it is asked. */
export type RazorpayApi = {
  /** Its API, for example http://gateway:8000. */
  url: string;
  /** Its reads need none; something in front of it may. */
  token: string | undefined;
  /** X-Auth-Key unless `auth.tokenHeaderKey` says otherwise. */
  tokenHeader: string;
  timeLimitMs: number;
};

const MOST_BYTES = 64 * 1024 * 1024;
const answerShape = z.object({ items: z.array(z.unknown()).nullish() });

/** Reads all through its JSON API. @throws SourceUnreadableError in words for an operator, without the token */
export async function readApi(instance: RazorpayApi): Promise<RazorpayConfiguration> {
  const list = async (method: string) => {
    const answer = await post(instance, method);
    const shape = answerShape.safeParse(answer);
    if (!shape.success) throw new SourceUnreadableError(`${instance.url} ${method}: expected a list of items`);
    return (shape.data.items ?? []).map(withProtoNames);
  };
  return {
    backends: readObjects(razorpayBackend, await list('BackendApi/ListAllBackends'), 'backends'),
    groups: readObjects(razorpayGroup, await list('GroupApi/ListAllGroups'), 'groups'),
    policies: readObjects(razorpayPolicy, await policiesOf(list), 'policies').map((policy) => ({
      ...policy,
      // The first name of the choice: what is left out of JSON means it.
      rule: { ...policy.rule, type: policy.rule.type || 'header_connection_properties' },
    })),
  };
}

async function policiesOf(list: (method: string) => Promise<unknown[]>): Promise<unknown[]> {
  try {
    return await list('PolicyApi/ListAllPolicies');
  } catch (error) {
    if (!(error instanceof SourceUnreadableError) || !/invalid rule_type/.test(error.message)) throw error;
    throw new SourceUnreadableError(`${error.message}; it cannot list such policies itself: import by --mysql-url`);
  }
}

async function post({ url, token, tokenHeader, timeLimitMs }: RazorpayApi, method: string): Promise<unknown> {
  const where = `${url} ${method}`;
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${url}/twirp/razorpay.gateway.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { [tokenHeader]: token }) },
      body: '{}',
      signal: AbortSignal.timeout(timeLimitMs),
      redirect: 'error',
    });
    status = response.status;
    text = await readText(response);
  } catch (error) {
    if (error instanceof SourceUnreadableError) throw error;
    const reason = isTimeout(error) ? `no answer within ${timeLimitMs} ms` : causeOf(error);
    throw new SourceUnreadableError(`${where}: ${reason}; is --from-url right?`);
  }
  const answer = parse(text);
  if (status === 200 && answer !== undefined) return answer;
  const said = (answer as { msg?: unknown } | undefined)?.msg;
  const hint = status === 401 || status === 403 ? '; give its token by --from-token-file' : '';
  throw new SourceUnreadableError(
    `${where}: HTTP ${status}${typeof said === 'string' ? ` ${said.slice(0, 200)}` : ''}${status === 200 ? ' without JSON' : ''}${hint}`,
  );
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const bytes = await readBytes(response.body, MOST_BYTES);
  if (bytes) return bytes.toString();
  throw new SourceUnreadableError(`${response.url}: the answer is larger than ${MOST_BYTES} bytes`);
}

function parse(text: string): unknown {
  try {
    return parseUntrustedJson(text);
  } catch {
    return undefined;
  }
}

/** Its JSON has the names of its .proto unless it was built to answer camelCase. */
function withProtoNames(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      withProtoNames(inner),
    ]),
  );
}

function isTimeout(error: unknown): boolean {
  return (error as { name?: string }).name === 'TimeoutError';
}

function causeOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? 'it cannot be reached';
}
