import { Backend_ForwardedHeaders, type Backend_Tls } from '@trino-gateway/api/gateway';
import { runStatement, type tlsAgents } from '@trino-gateway/trino/client';
import { EXPLAIN_PREFIX, PROBE_SOURCE } from '@trino-gateway/trino/probe-source';
import type { ExplainQuestion, Explanation } from '../routing/chain/step-tools.ts';

/** Connections to a cluster or a service with these TLS settings; undefined for those of every https server. */
export type Connections = (tls: Backend_Tls | undefined) => Promise<ReturnType<typeof tlsAgents.open> | undefined>;

/** A node of a plan has some two thousand. */
const MOST_ANSWER_BYTES = 2_000_000;
/** Trino answers within some seven. */
const MOST_PAGES = 200;

/** Asks a cluster for the plan of a statement, which is never executed. */
export async function explain(question: ExplainQuestion, connections: Connections): Promise<Explanation> {
  const { backend, statement, headers, signal, timeLimitMs } = question;
  const dispatcher = await connections(backend.tls);
  const { rows, error } = await runStatement({
    url: backend.url,
    statement: EXPLAIN_PREFIX + statement,
    headers: {
      ...headers,
      'X-Trino-Source': PROBE_SOURCE,
      ...(claimsHttps(question) && { 'X-Forwarded-Proto': 'https' }),
    },
    ...{ signal, timeLimitMs, dispatcher },
    ...{ maxRows: 1, maxBytes: MOST_ANSWER_BYTES, maxPages: MOST_PAGES },
  });
  if (error) return { kind: 'error', errorName: String(error.errorName), errorType: String(error.errorType) };
  const text = rows[0]?.[0];
  if (typeof text !== 'string') throw new Error('the answer has no plan');
  return { kind: 'plan', text };
}

/** A cluster behind a TLS terminator takes secrets over plain HTTP only when told that the client's side was secure. */
function claimsHttps({ backend: { url, forwardedHeaders }, headers }: ExplainQuestion): boolean {
  if (!url.startsWith('http:') || forwardedHeaders === Backend_ForwardedHeaders.OMIT) return false;
  return Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
}
