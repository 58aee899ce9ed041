import type { Decision } from '@trino-gateway/api/gateway';
import { clientTags, firstHeader, setHeaderProblem, settableName, withoutHeaders } from '@trino-gateway/trino';

/** What a decision changes of the headers that a statement goes to its cluster with. */
export type DecidedHeaders = Pick<Decision, 'requestSource'> &
  Partial<Pick<Decision, 'addClientTags' | 'sessionProperties' | 'setHeaders'>>;

/** That part of a decision, or of what was kept of one. */
export function decidedHeaders({
  requestSource,
  addClientTags = [],
  sessionProperties = {},
  setHeaders = {},
}: DecidedHeaders): Required<DecidedHeaders> {
  return { requestSource, addClientTags, sessionProperties, setHeaders };
}

/** The client's headers as the decision wants them: those that an external service sets, then tags, properties and source of rules. */
export function withDecided(rawHeaders: readonly string[], decided: DecidedHeaders): readonly string[] {
  const { requestSource, addClientTags, sessionProperties, setHeaders } = decidedHeaders(decided);
  let headers = rawHeaders;
  for (const [name, value] of Object.entries(setHeaders)) {
    // The gatewayserver leaves out what may not be set; one of another version may not.
    if (setHeaderProblem(name, value) === undefined) headers = withHeader(headers, settableName(name), value);
  }
  if (addClientTags.length > 0) {
    const tags = new Set([...clientTags(headers), ...addClientTags]);
    headers = withHeader(headers, 'X-Trino-Client-Tags', [...tags].join(','));
  }
  // Trino takes the last value of a property (HttpRequestSessionContextFactory).
  const properties = Object.entries(sessionProperties).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  if (properties.length > 0) headers = [...headers, 'X-Trino-Session', properties.join(',')];
  return requestSource === '' ? headers : withHeader(headers, 'X-Trino-Source', requestSource);
}

function withHeader(rawHeaders: readonly string[], name: string, value: string): readonly string[] {
  const lower = name.toLowerCase();
  if (firstHeader(rawHeaders, lower) === value) return rawHeaders;
  return [...withoutHeaders(rawHeaders, new Set([lower])), name, value];
}
