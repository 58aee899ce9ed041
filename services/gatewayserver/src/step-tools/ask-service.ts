import { readBytes } from '@trino-gateway/runtime';
import { Agent, request } from 'undici';
import type { ServiceAnswer, ServiceQuestion } from '../routing/chain/step-tools.ts';
import type { Connections } from './explain.ts';

const MOST_ANSWER_BYTES = 1_000_000;

/** Verifies certificates, whatever the environment says. */
const defaultAgent = new Agent({ connect: { rejectUnauthorized: true } });

/** Posts JSON to a service of the operator's own. */
export async function askService(question: ServiceQuestion, connections: Connections): Promise<ServiceAnswer> {
  const { url, tls, headers, body, signal } = question;
  const dispatcher = (await connections(tls)) ?? defaultAgent;
  const sent = { ...headers, 'content-type': 'application/json; charset=utf-8', accept: 'application/json' };
  const answer = await request(url, {
    method: 'POST',
    headers: sent as Record<string, string | string[]>,
    body,
    signal,
    dispatcher,
  });
  const bytes = await readBytes(answer.body, MOST_ANSWER_BYTES);
  if (!bytes) throw new Error(`the answer is larger than ${MOST_ANSWER_BYTES} bytes`);
  const contentType = String(answer.headers['content-type'] ?? '');
  return { status: answer.statusCode, contentType, text: bytes.toString() };
}
