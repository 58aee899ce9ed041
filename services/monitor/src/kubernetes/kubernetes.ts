import { createOutageLog, describeError, type Logger, pause, readBytes } from '@trino-gateway/runtime';
import { request } from 'undici';
import { createApiServerAccess } from './api-server.ts';
import { KubernetesError, refusal } from './kubernetes-error.ts';

/** One call of the API server. */
export type KubernetesCall = {
  method: 'GET' | 'PATCH' | 'POST';
  /** Below the server's address, as {@link resourcePath} makes it. */
  path: string;
  query?: Readonly<Record<string, string>>;
  /** A merge patch for PATCH: what it does not name stays. */
  body?: object;
  signal: AbortSignal;
  /** At most, with all repetitions; default 10 s. */
  timeLimitMs?: number;
};

/** What it answered, and when by its own clock. */
export type KubernetesAnswer = { body: unknown; at: number };

/** The API server of Kubernetes. Nothing is loaded or connected before the first call. */
export type Kubernetes = AsyncDisposable & {
  /** @throws KubernetesError that tells an operator why, without secrets; or the signal's reason */
  call(call: KubernetesCall): Promise<KubernetesAnswer>;
  /**
   * The events of a watch, one JSON text a line. It ends when the API server ends it, or says nothing for two minutes.
   * @throws KubernetesError, or the signal's reason
   */
  watch(call: Pick<KubernetesCall, 'path' | 'query' | 'signal'>): AsyncIterable<unknown>;
};

const TIME_LIMIT_MS = 10_000;
/** A watch that says nothing for so long is ended: its connection may be dead. */
const WATCH_IDLE_MS = 120_000;
const MOST_ANSWER_BYTES = 32_000_000;
const MOST_LINE_LENGTH = 4_000_000;
/** An API server that is busy says when to come back; a call that cannot wait for that fails. */
const LONGEST_RETRY_MS = 5_000;
const MOST_RETRIES = 2;

/** Neither known nor reached yet. */
export function createKubernetes({ kubeconfig }: { kubeconfig?: string | undefined }, logger: Logger): Kubernetes {
  const access = createApiServerAccess(kubeconfig);
  const outage = createOutageLog({ logger, recovered: 'the Kubernetes API server answers again' });

  const send = async (call: Omit<KubernetesCall, 'timeLimitMs'>) => {
    const { url, headers, dispatcher } = await access.current();
    const { method, path, query, body, signal } = call;
    const answer = await request(`${url}${path}${query ? `?${new URLSearchParams(query)}` : ''}`, {
      method,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': 'trino-gateway-monitor',
        ...(body && { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      headersTimeout: TIME_LIMIT_MS,
      bodyTimeout: WATCH_IDLE_MS,
      signal,
      dispatcher,
    });
    if (answer.statusCode === 401) access.refused();
    return answer;
  };
  const once = async (
    call: KubernetesCall,
  ): Promise<KubernetesAnswer & { retryMs?: number; error?: KubernetesError }> => {
    const answer = await send(call);
    const at = Date.parse(String(answer.headers.date ?? '')) || Date.now();
    const text = await readText(answer.body);
    if (answer.statusCode >= 200 && answer.statusCode < 300) return { body: parsed(text), at };
    const error = refusal(`${call.method} ${call.path}`, answer.statusCode, text);
    return { body: undefined, at, error, retryMs: retryAfter(answer.statusCode, answer.headers['retry-after']) ?? -1 };
  };
  const withRetries = async (call: KubernetesCall): Promise<KubernetesAnswer> => {
    for (let retries = 0; ; retries += 1) {
      const { error, retryMs = -1, ...answer } = await once(call);
      if (!error) return answer;
      if (retryMs < 0 || retries >= (error.status === 409 ? 1 : MOST_RETRIES)) throw error;
      await pause(retryMs, call.signal);
      if (call.signal.aborted) throw error;
    }
  };
  return {
    call: async ({ signal: stopped, timeLimitMs = TIME_LIMIT_MS, ...call }) => {
      const limit = AbortSignal.timeout(timeLimitMs);
      try {
        const answer = await withRetries({ ...call, signal: AbortSignal.any([stopped, limit]) });
        outage.succeeded();
        return answer;
      } catch (error) {
        stopped.throwIfAborted();
        throw told(outage, failureOf(`${call.method} ${call.path}`, error, limit.aborted ? timeLimitMs : undefined));
      }
    },
    watch: async function* ({ signal, ...call }) {
      try {
        const { statusCode, body } = await send({ method: 'GET', ...call, signal });
        if (statusCode !== 200) throw refusal(`GET ${call.path}`, statusCode, await readText(body));
        outage.succeeded();
        yield* lines(body);
      } catch (error) {
        signal.throwIfAborted();
        if ((error as { code?: unknown }).code === 'UND_ERR_BODY_TIMEOUT') return;
        throw told(outage, failureOf(`GET ${call.path}`, error));
      }
    },
    [Symbol.asyncDispose]: () => access[Symbol.asyncDispose](),
  };
}

function told(outage: ReturnType<typeof createOutageLog>, error: KubernetesError): KubernetesError {
  if (error.isOutage)
    outage.failed('the Kubernetes API server cannot be asked: nothing is changed there', { error: error.message });
  else outage.succeeded();
  return error;
}

function failureOf(call: string, error: unknown, limitMs?: number): KubernetesError {
  if (error instanceof KubernetesError) return error;
  const why = limitMs === undefined ? describeError(error) : `no answer within ${limitMs} ms`;
  return new KubernetesError(`${call}: ${why}`, undefined, error);
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await readBytes(body, MOST_ANSWER_BYTES);
  if (!bytes) throw new KubernetesError(`the answer is larger than ${MOST_ANSWER_BYTES} bytes`);
  return bytes.toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KubernetesError('the answer is no JSON: is that an API server?');
  }
}

/** How long to wait before the call may be made again; undefined if it may not. */
function retryAfter(status: number, header: string | string[] | undefined): number | undefined {
  if (status === 409) return 0;
  if (status !== 429) return undefined;
  const seconds = Number(header ?? 1);
  return seconds * 1_000 <= LONGEST_RETRY_MS ? Math.max(0, seconds * 1_000) : undefined;
}

async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      if (end > 0) yield parsed(rest.slice(0, end));
      rest = rest.slice(end + 1);
    }
    if (rest.length > MOST_LINE_LENGTH) throw new KubernetesError('an event is larger than 4 MB');
  }
}
