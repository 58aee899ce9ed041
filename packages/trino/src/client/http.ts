import type { SecureContext } from 'node:tls';
import { Agent, type Dispatcher, request } from 'undici';
import { MOST_HEAD_BYTES } from '../headers/raw-headers.ts';

/** Where to ask, as whom, and for how long. */
export type ClusterRequestOptions = {
  /** Address of the cluster, http or https; its path is not used. */
  url: string;
  /** Undefined: the one that the credentials are of. */
  user?: string | undefined;
  /** HTTP Basic, of the user. */
  password?: string | undefined;
  /** Bearer, instead of a password. */
  token?: string | undefined;
  /** Sent with every request; X-Trino-User and Authorization are added. */
  headers?: Readonly<Record<string, string | readonly string[]>>;
  signal?: AbortSignal | undefined;
  /** For all requests together, in milliseconds. */
  timeLimitMs: number;
  /** What is asked for; JSON when absent. */
  accept?: string;
  /** The most that one answer may have; default 16 MiB. */
  maxBytes?: number;
  /** For TLS connections of its own; default those of every https server. */
  dispatcher?: Dispatcher | undefined;
};

/** An answer outside of Trino's protocol: another status than 200, or a body that is no page. */
export class TrinoHttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'TrinoHttpError';
    this.status = status;
  }
}

/** Requests to one cluster that share a time limit. */
export type ClusterRequests = {
  /** Answers the text of a success. Throws {@link TrinoHttpError} for anything but 200 (204 for DELETE), and what ended the request. */
  send(method: 'GET' | 'POST' | 'DELETE', path: string, body?: string): Promise<string>;
  /** Deletes, best effort and with a time limit of its own: the shared one may be over. */
  delete(path: string): Promise<void>;
};

const MOST_BODY_BYTES = 16 * 1024 * 1024;
const DELETE_LIMIT_MS = 2_000;

/** Idle connections are dropped well before Trino does it (200 s), and before a probe interval ends. */
const POOL = { maxHeaderSize: MOST_HEAD_BYTES, keepAliveTimeout: 4_000, keepAliveMaxTimeout: 4_000, connections: 64 };

/** Whatever the environment says. */
const VERIFIED = { rejectUnauthorized: true } as const;

const defaultAgent = new Agent({ ...POOL, connect: VERIFIED });

/** Pools of connections to clusters with TLS settings of their own. */
export const tlsAgents = {
  open: ({ secureContext, serverName }: { secureContext: SecureContext; serverName: string }): Agent =>
    new Agent({
      ...POOL,
      connect: { ...VERIFIED, secureContext, ...(serverName === '' ? {} : { servername: serverName }) },
    }),
  retire: (agent: Agent): void => void agent.close().catch(() => {}),
};

/** The time limit begins now. */
export function clusterRequests(options: ClusterRequestOptions): ClusterRequests {
  const { timeLimitMs, dispatcher = defaultAgent, maxBytes = MOST_BODY_BYTES } = options;
  const { origin } = new URL(options.url);
  const limit = AbortSignal.timeout(timeLimitMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  const named = { ...options.headers, ...loginHeaders(options), Accept: options.accept ?? 'application/json' };
  const headers = named as Record<string, string | string[]>;
  return {
    send: async (method, path, body) => {
      signal.throwIfAborted();
      const sent = body === undefined ? {} : { body };
      const answer = await request(origin + path, { method, headers, signal, dispatcher, ...sent });
      const text = await readText(answer, maxBytes);
      if (answer.statusCode === (method === 'DELETE' ? 204 : 200)) return text;
      throw new TrinoHttpError(answer.statusCode, oneLine(text) || `HTTP ${answer.statusCode}`);
    },
    delete: async (path) => {
      try {
        const limited = AbortSignal.timeout(DELETE_LIMIT_MS);
        const { body } = await request(origin + path, { method: 'DELETE', headers, dispatcher, signal: limited });
        await body.dump();
      } catch {
        // A cluster that cannot be reached abandons the query by itself.
      }
    },
  };
}

/** Trino reads Basic credentials as Latin-1 (BasicAuthCredentials). */
function loginHeaders({ user, password, token }: ClusterRequestOptions): Record<string, string> {
  const basic = () => `Basic ${Buffer.from(`${user ?? ''}:${password}`, 'latin1').toString('base64')}`;
  const authorization = token === undefined ? (password === undefined ? undefined : basic()) : `Bearer ${token}`;
  return {
    ...(user === undefined ? {} : { 'X-Trino-User': user }),
    ...(authorization === undefined ? {} : { Authorization: authorization }),
  };
}

async function readText({ statusCode, body }: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  let text = '';
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new TrinoHttpError(statusCode, `Answer is larger than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

/** The beginning of a text as one line, fit for a message. */
export function oneLine(text: string): string {
  return text.slice(0, 300).replace(/\s+/g, ' ').trim();
}
