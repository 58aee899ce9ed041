import { Code, ConnectError } from '@connectrpc/connect';

const UNREACHABLE = new Set([Code.Unavailable, Code.Aborted, Code.DeadlineExceeded, Code.Canceled]);

/**
 * Whether a call failed on the way and not by an answer of the gatewayserver, so that repeating it may help. A call that its
 * caller cancelled looks the same: check the signal first.
 */
export function isUnreachable(error: unknown): boolean {
  const failure = ConnectError.from(error);
  return UNREACHABLE.has(failure.code) || (failure.code === Code.Internal && isFromTransport(failure));
}

/** How the answer of a gatewayserver begins whose database does not answer. */
const DATABASE_AWAY = 'the database does not answer';

/** Whether the gatewayserver answered, and its database did not. */
export function databaseIsAway(error: unknown): boolean {
  return ConnectError.from(error).rawMessage.startsWith(DATABASE_AWAY);
}

const failedAt = new WeakMap<object, string>();

/** Notes which gatewayserver a call failed at. */
export function withGatewayserver(error: unknown, url: string): ConnectError {
  const failure = ConnectError.from(error);
  failedAt.set(failure, url);
  return failure;
}

/** The address of the gatewayserver that a call failed at, as far as that is known. */
export function gatewayserverOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null ? failedAt.get(error) : undefined;
}

/** Whether the gatewayserver wants another token than the one it got. */
export function refusesToken(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.Unauthenticated || code === Code.PermissionDenied;
}

/** A broken connection is `Internal` like a failure of the server itself; its cause, or the reset, tells them apart. */
function isFromTransport(failure: ConnectError): boolean {
  if (failure.rawMessage.startsWith('http/2 stream closed')) return true;
  // Node's own errors need not be of this realm's Error.
  let cause: unknown = failure.cause;
  while (typeof cause === 'object' && cause !== null) {
    if ('code' in cause && typeof cause.code === 'string') return true;
    cause = 'cause' in cause ? cause.cause : undefined;
  }
  return false;
}
