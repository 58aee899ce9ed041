import { Code, ConnectError } from '@connectrpc/connect';
import { describeTlsFailure, isUnreachable, refusesToken } from '@trino-gateway/runtime';
import { oneLine } from '../terminal/one-line.ts';
import type { Connection } from './connection.ts';

/** Whether every further call would fail the same way. */
export function failsEveryCall(error: unknown): boolean {
  return isUnreachable(error) || refusesToken(error);
}

/** A failed call in one line that says what to do about it. */
export function describeFailure(error: unknown, { urls, token, timeLimitMs }: Connection): string {
  const failure = ConnectError.from(error);
  const where = urls.join(', ');
  const said = oneLine(failure.rawMessage);
  switch (failure.code) {
    case Code.Unauthenticated:
      return token === undefined
        ? `${where} requires a token: give --token-file, --token or TRINO_GATEWAY_TOKEN`
        : `${where} refuses the token: give the gatewayserver's admin_token or read_token by --token-file, --token or TRINO_GATEWAY_TOKEN`;
    case Code.PermissionDenied:
      return 'the token opens reads only: give the admin token by --token-file, --token or TRINO_GATEWAY_TOKEN';
    case Code.DeadlineExceeded:
      return `no answer from ${where} within ${timeLimitMs} ms: try again, or give it more time with --timeout`;
    case Code.NotFound:
      return `${said}: see trino-gateway list for the ids that exist`;
    case Code.Unimplemented:
      return `${where} does not know this call: expected a gatewayserver of this version, check --url or TRINO_GATEWAY_URL`;
    default:
      // The gatewayserver itself answers UNAVAILABLE when a cluster or its database does not answer.
      if (isUnreachable(error) && describeTlsFailure(error) !== undefined)
        return `no TLS connection to the gatewayserver at ${where}: ${said}; see --ca-file, --cert-file and --url`;
      return isUnreachable(error) && failure.cause !== undefined
        ? `cannot reach the gatewayserver at ${where} (${reasonOf(failure)}): is it running, and is --url or TRINO_GATEWAY_URL right?`
        : said || `${where} answered ${Code[failure.code]}`;
  }
}

function reasonOf(failure: ConnectError): string {
  let cause: unknown = failure.cause;
  while (typeof cause === 'object' && cause !== null) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
    cause = 'cause' in cause ? cause.cause : undefined;
  }
  return oneLine(failure.rawMessage) || 'no answer';
}
