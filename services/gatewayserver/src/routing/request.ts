import { clientTags, connectionPropertiesText, parseConnectionProperties } from '@trino-gateway/trino/client-headers';

/** What the client sent that policies may look at. */
export type ClientRequest = {
  listeningPort: number;
  host: string;
  headers: readonly { name: string; value: string }[];
};

/** A request read the way policies compare it. */
export type RequestFacts = {
  listeningPort: number;
  host: string;
  clientTags: readonly string[];
  /** The whole header text; undefined when there is none. */
  connectionPropertiesText: string | undefined;
  /** Decoded; undefined when there is no header or any of its pairs is malformed. */
  connectionProperties: ReadonlyMap<string, string> | undefined;
};

/** Reads the first line of each header policies look at, X-Trino-* before X-Presto-*. */
export function readRequest(request: ClientRequest): RequestFacts {
  const rawHeaders = request.headers.flatMap(({ name, value }) => [name, value]);
  const properties = connectionPropertiesText(rawHeaders);
  return {
    listeningPort: request.listeningPort,
    host: comparableHost(request.host),
    clientTags: clientTags(rawHeaders),
    connectionPropertiesText: properties,
    connectionProperties: parseConnectionProperties(properties),
  };
}

/** A host as it is compared: lower case, without port, IPv6 without brackets. */
export function comparableHost(host: string): string {
  const text = host.trim().toLowerCase();
  if (text.startsWith('[')) return text.slice(1).split(']', 1)[0] ?? '';
  const colon = text.indexOf(':');
  return colon < 0 || text.includes(':', colon + 1) ? text : text.slice(0, colon);
}
