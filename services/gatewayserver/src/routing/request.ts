import { clientTags, connectionPropertiesText, parseConnectionProperties } from '@trino-gateway/trino/client-headers';
import { comparableHost } from '@trino-gateway/trino/host';

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
