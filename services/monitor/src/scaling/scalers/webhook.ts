import { createHmac } from 'node:crypto';
import { type Backend_Webhook, Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import { readBytes } from '@trino-gateway/runtime';
import { Agent, request } from 'undici';
import type { CreateScaler } from './scaler.ts';

const MOST_ANSWER_BYTES = 65_536;
const MOST_SHOWN = 200;
const CONNECTIONS = 8;
const STATES: Readonly<Record<string, State>> = {
  RUNNING: State.RUNNING,
  STOPPED: State.STOPPED,
  STARTING: State.STARTING,
  STOPPING: State.STOPPING,
};

type Sent = { method: 'GET' | 'POST'; url: URL; body: string };

/** A service of the operator's own. Redirects are not followed, and the certificates of https are verified. */
export const createWebhookScaler: CreateScaler<'webhook'> = ({ webhook_key }) => {
  const dispatcher = new Agent({ connections: CONNECTIONS, connect: { rejectUnauthorized: true } });

  const send = async (sent: Sent, signal: AbortSignal): Promise<string> => {
    const { method, url, body } = sent;
    const answer = await request(url, {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'trino-gateway-monitor',
        ...(method === 'POST' && { 'content-type': 'application/json' }),
        ...(webhook_key !== undefined && signature(webhook_key, sent, Date.now())),
      },
      ...(method === 'POST' && { body }),
      signal,
      dispatcher,
    });
    const text = await readBytes(answer.body, MOST_ANSWER_BYTES);
    if (answer.statusCode < 200 || answer.statusCode > 299) throw new Error(`${method}: HTTP ${answer.statusCode}`);
    if (!text) throw new Error(`${method}: the answer is larger than ${MOST_ANSWER_BYTES} bytes`);
    return text.toString();
  };
  const tell = async (action: 'start' | 'stop', backendId: string, { url }: Backend_Webhook, signal: AbortSignal) => {
    await send({ method: 'POST', url: new URL(url), body: JSON.stringify({ backend_id: backendId, action }) }, signal);
  };
  return {
    state: async ({ settings, backendId }, signal) => {
      const url = new URL(settings.url);
      url.searchParams.set('backend_id', backendId);
      return stateIn(await send({ method: 'GET', url, body: '' }, signal));
    },
    start: ({ settings, backendId }, signal) => tell('start', backendId, settings, signal),
    stop: ({ settings, backendId }, signal) => tell('stop', backendId, settings, signal),
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
};

/** HMAC-SHA-256 over time, method, path with query, and body, each followed by the next on a line of its own. */
function signature(key: string, { method, url, body }: Sent, now: number): Record<string, string> {
  const time = String(Math.floor(now / 1_000));
  const signed = [time, method, `${url.pathname}${url.search}`, body].join('\n');
  return {
    'x-trino-gateway-timestamp': time,
    'x-trino-gateway-signature': `sha256=${createHmac('sha256', key).update(signed).digest('hex')}`,
  };
}

function stateIn(text: string): State {
  let said: unknown;
  try {
    said = (JSON.parse(text) as { state?: unknown } | null)?.state;
  } catch {
    throw new Error('GET: the answer is no JSON');
  }
  const state = typeof said === 'string' ? STATES[said] : undefined;
  if (state === undefined)
    throw new Error(`GET: its state is ${shown(said)}: expected RUNNING, STOPPED, STARTING or STOPPING`);
  return state;
}

function shown(said: unknown): string {
  return (JSON.stringify(said) ?? 'not there').replace(/\p{C}/gu, '?').slice(0, MOST_SHOWN);
}
