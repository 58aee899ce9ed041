import { randomUUID } from 'node:crypto';
import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf';
import { Code, ConnectError, createContextKey, type HandlerContext, type Interceptor } from '@connectrpc/connect';
import { Authorization_Level, authorization } from '@trino-gateway/api/gateway';
import { Health } from '@trino-gateway/api/health';
import { ServerReflection } from '@trino-gateway/api/reflection';
import { ServerReflection as ServerReflectionV1Alpha } from '@trino-gateway/api/reflection-v1alpha';
import {
  comparison,
  createOutageLog,
  describeError,
  type Logger,
  type OutageLog,
  tokensOf,
} from '@trino-gateway/runtime';
import { DatabaseUnavailableError } from '../../storage/contract/errors.ts';
import { outgoingError } from './outgoing-errors.ts';

/** Who may call what; without an admin token every call is open. */
export type Tokens = { admin: string | undefined; read: string | undefined; openReads: boolean };

const OPEN_SERVICES = new Set([Health, ServerReflection, ServerReflectionV1Alpha].map(({ typeName }) => typeName));

/** The level a method needs: what the contract says, OPEN for health and reflection, else ADMIN. */
export function levelOf(method: DescMethod): Authorization_Level {
  if (OPEN_SERVICES.has(method.parent.typeName)) return Authorization_Level.OPEN;
  return hasOption(method, authorization) ? getOption(method, authorization) : Authorization_Level.ADMIN;
}

/** Who calls, for calls of which some requests need more than others. */
export const callerKey = createContextKey<'anybody' | 'reader' | 'admin'>('anybody');

/** Refuses callers without the token a method needs, before their request is read. */
export function requireToken(tokens: Tokens): (context: HandlerContext) => void {
  const { admin, read, openReads } = tokens;
  if (!admin)
    return ({ values }) => {
      values.set(callerKey, 'admin');
    };
  const isAdmin = comparison(admin);
  const isRead = read ? comparison(read) : () => false;
  return ({ method, requestHeader, values }) => {
    const level = levelOf(method);
    if (level === Authorization_Level.OPEN) return;
    const given = tokensOf(requestHeader);
    if (given.some(isAdmin)) {
      values.set(callerKey, 'admin');
      return;
    }
    if (level === Authorization_Level.READ && given.some(isRead)) {
      values.set(callerKey, 'reader');
      return;
    }
    if (level === Authorization_Level.READ && openReads) return;
    if (given.some(isRead))
      throw new ConnectError('the read token does not open this call: use the admin token', Code.PermissionDenied);
    throw new ConnectError(
      given.length === 0
        ? 'this call needs a token: send it as "X-Auth-Key: <token>" or "Authorization: Bearer <token>"'
        : 'the token is not one this gateway knows',
      Code.Unauthenticated,
    );
  };
}

const QUIET_MS = 10_000;

/** Called after each call. */
export type CallObserver = (method: DescMethod, code: string, durationMs: number) => void;

/** Runs a call and turns its failure into an answer. */
export type Guard = <Answer>(method: DescMethod, call: () => Promise<Answer>) => Promise<Answer>;

/**
 * Answers what a service refused as it is, a database that is away as UNAVAILABLE, and everything else as an internal error with
 * nothing but an id, under which it is logged once. Reports each call's code and duration.
 */
export function createGuard(logger: Logger, onCall: CallObserver): Guard {
  const outage = createOutageLog({ logger, recovered: 'calls that need the database work again' });
  let failedAt = 0;
  return async (method, call) => {
    const began = performance.now();
    try {
      const answer = await call();
      onCall(method, 'ok', performance.now() - began);
      // Others need no database, or not always: a while without failures is the end.
      if (outage.since() !== undefined && performance.now() - failedAt > QUIET_MS) outage.succeeded();
      return answer;
    } catch (error) {
      if (error instanceof DatabaseUnavailableError) failedAt = performance.now();
      const failure = failureOf(error, method, logger, outage);
      onCall(method, Code[failure.code] ?? 'Unknown', performance.now() - began);
      throw failure;
    }
  };
}

/** The same for calls that are not multiplexed. */
export function guardInterceptor(guard: Guard): Interceptor {
  return (next) => (request) => guard(request.method, () => next(request));
}

function failureOf(error: unknown, method: DescMethod, logger: Logger, outage: OutageLog): ConnectError {
  if (error instanceof ConnectError) return outgoingError(error);
  const rpc = `${method.parent.typeName}/${method.name}`;
  if (error instanceof DatabaseUnavailableError) {
    outage.failed('calls fail because the database does not answer', { rpc, error: describeError(error) });
    return new ConnectError('the database does not answer: try again later', Code.Unavailable);
  }
  const requestId = randomUUID();
  const stack = error instanceof Error ? error.stack : undefined;
  logger.error('unhandled error in a call', { rpc, requestId, error: describeError(error), stack });
  return new ConnectError(`internal error (request ${requestId})`, Code.Internal);
}
