import { parseUntrustedJson } from '@trino-gateway/json';
import { readBytes } from '@trino-gateway/runtime';
import { UsageError } from '../terminal/usage-error.ts';
import { readBackends, type TrinodbBackend } from './model.ts';

const MOST_BYTES = 16 * 1024 * 1024;

/** Its clusters, by the call of its API that needs no login. @throws Error in words for an operator */
export async function readApi(url: string, timeLimitMs: number): Promise<TrinodbBackend[]> {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (!address || !/^https?:$/.test(address.protocol) || address.username || address.password || address.search)
    throw new UsageError('--from-url: expected a URL such as http://gateway:8080, without a user');
  const where = `${address.origin}/api/public/backends`;
  return readBackends(where, await ask(where, timeLimitMs));
}

async function ask(where: string, timeLimitMs: number): Promise<unknown> {
  try {
    const response = await fetch(where, { signal: AbortSignal.timeout(timeLimitMs), redirect: 'error' });
    const bytes = response.body === null ? undefined : await readBytes(response.body, MOST_BYTES);
    if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
    if (bytes === undefined) throw new Error(`expected at most ${MOST_BYTES} bytes`);
    return parseUntrustedJson(bytes.toString());
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: { code?: string } };
    const why = name === 'TimeoutError' ? `no answer within ${timeLimitMs} ms` : (cause?.code ?? message);
    throw new Error(`${where}: ${why}; is --from-url right?`, { cause: error });
  }
}
