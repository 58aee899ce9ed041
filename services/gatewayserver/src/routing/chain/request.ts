import type { RuleRequest } from '@trino-gateway/api/policy-rules';
import { comparableHost } from '@trino-gateway/trino/host';

/** What the client sent, as far as routing looks at it. */
export type ClientRequest = {
  listeningPort: number;
  host: string;
  headers: readonly { name: string; value: string }[];
};

/** The request in the form in which rules compare it. */
export function readRequest({ listeningPort, host, headers }: ClientRequest): RuleRequest {
  return {
    listeningPort,
    host: comparableHost(host),
    rawHeaders: headers.flatMap(({ name, value }) => [name, value]),
  };
}
