import { parseUntrustedJson } from '@trino-gateway/json';
import { readBytes } from '@trino-gateway/runtime';
import type { BasicCredentials } from '@trino-gateway/trino';

/** The provider's verdict on a user and a password; `trouble`, fit for a log line, when there is none. */
export type ProviderVerdict = 'accepted' | 'denied' | { trouble: string };

/** Checks the passwords of users. Disposal ends the checks under way. */
export type AuthProvider = Disposable & {
  /** Never throws; answers within the time limit. */
  check(credentials: BasicCredentials): Promise<ProviderVerdict>;
};

export type AuthProviderOptions = {
  /** `router.auth_provider_url`. */
  url: string;
  /** `router.auth_provider_key`; sent as X-Auth-Key. */
  key: string | undefined;
  /** `router.auth_provider_time_limit`: for connecting and the whole answer. */
  timeLimitMs: number;
};

const MOST_CONNECTIONS = 64;
const ANSWER_BYTES = 65_536;

/**
 * Asks over HTTP: `POST {"email", "token"}`. Only a 2xx answer that says `"ok": true` accepts, any that says `"ok": false`
 * denies; redirects are not followed, for they would carry the password elsewhere.
 */
export function createAuthProvider({ url, key, timeLimitMs }: AuthProviderOptions): AuthProvider {
  // Loaded only when needed: it takes 28 MB, and most routers have no provider.
  const loaded = import('undici').then(({ Agent, request }) => ({
    request,
    dispatcher: new Agent({ connections: MOST_CONNECTIONS, connect: { rejectUnauthorized: true } }),
  }));
  return {
    async check({ user, password }) {
      const signal = AbortSignal.timeout(timeLimitMs);
      try {
        const { request, dispatcher } = await loaded;
        const { statusCode, body } = await request(url, {
          dispatcher,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json',
            ...(key === undefined ? {} : { 'x-auth-key': key }),
          },
          body: JSON.stringify({ email: user, token: password }),
          signal,
        });
        const bytes = await readBytes(body, ANSWER_BYTES);
        if (bytes === undefined) return { trouble: `its answer is longer than ${ANSWER_BYTES} bytes` };
        return verdictOf(statusCode, bytes.toString());
      } catch (error) {
        if (signal.aborted) return { trouble: `no answer within ${timeLimitMs} ms` };
        return { trouble: `no answer (${codeOf(error)})` };
      }
    },
    [Symbol.dispose]: () => void loaded.then(({ dispatcher }) => dispatcher.destroy()).catch(() => {}),
  };
}

function verdictOf(status: number, text: string): ProviderVerdict {
  const ok = okIn(text);
  if (ok === true && status >= 200 && status < 300) return 'accepted';
  if (ok === false) return 'denied';
  return { trouble: `it answered ${status}${ok === undefined ? ' and not {"ok": true} or {"ok": false}' : ''}` };
}

function okIn(text: string): boolean | undefined {
  try {
    const read = parseUntrustedJson(text);
    const ok = typeof read === 'object' && read !== null && 'ok' in read ? read.ok : undefined;
    return typeof ok === 'boolean' ? ok : undefined;
  } catch {
    return undefined;
  }
}

/** Never the message, which may quote what was sent. */
function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return String(code ?? name ?? 'unknown');
}
