import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import {
  AdmissionService,
  type AttendRequestSchema,
  type AttendResponse,
  type AwaitTurnRequestSchema,
  type AwaitTurnResponse,
  type CancelQueuedRequestSchema,
  type CancelQueuedResponse,
  type EnqueueRequestSchema,
  type EnqueueResponse,
  type FindQueuedResponse,
  type GiveBackRequestSchema,
  type HandOverRequestSchema,
  type LeaveRequestSchema,
} from '@trino-gateway/api/gateway';
import { describeError, every, type Logger } from '@trino-gateway/runtime';
import { createEndedLeases } from './reports/ended-leases.ts';
import { type RetryPolicy, whileUnreachable } from './retry-unreachable.ts';

/**
 * Slots and places in the queue, which the gatewayserver keeps. A call that has an answer is repeated while the gatewayserver does not
 * answer, up to `waitMs` where that is given, else up to `router.gatewayserver_wait`.
 * @throws GatewayUnavailableError when it did not answer in that time
 */
export type AdmissionClient = {
  /** Takes a place in the queue. */
  enqueue(place: MessageInitShape<typeof EnqueueRequestSchema>, signal: AbortSignal): Promise<EnqueueResponse>;
  /** Waits for a slot to be offered; undefined when the link is unknown. */
  awaitTurn(
    turn: Omit<MessageInitShape<typeof AwaitTurnRequestSchema>, '$typeName' | 'routerId'>,
    policy: { signal: AbortSignal; waitMs: number },
  ): Promise<AwaitTurnResponse | undefined>;
  /**
   * Says that the clients of these queries poll on, while it is held; undefined when the gatewayserver does not answer, or is an older one.
   * Tried once.
   */
  attend(
    request: MessageInitShape<typeof AttendRequestSchema>,
    signal: AbortSignal,
  ): Promise<Pick<AttendResponse, 'changedQueryIds'> | undefined>;
  /** The client that polled has hung up; reported once, without waiting. */
  leave(waiter: MessageInitShape<typeof LeaveRequestSchema>): void;
  /** Assigns the query to the cluster that answered; false when its answer must not reach the client. */
  assign(request: MessageInitShape<typeof HandOverRequestSchema>, signal: AbortSignal): Promise<boolean>;
  /** Releases a claim whose cluster did not accept the query; if this cannot be reported, the claim expires. */
  release(request: MessageInitShape<typeof GiveBackRequestSchema>): Promise<void>;
  /** Takes a query out of the queue; undefined when it is unknown. */
  cancelQueued(
    request: MessageInitShape<typeof CancelQueuedRequestSchema>,
    signal: AbortSignal,
  ): Promise<CancelQueuedResponse | undefined>;
  /** What became of a temporary id; undefined when it is unknown. */
  findQueued(queryId: string, signal: AbortSignal): Promise<FindQueuedResponse | undefined>;
  /** Turns the lease of this submission into that of this query; false when it is no longer held. */
  confirmLease(submissionId: string, trinoQueryId: string, signal: AbortSignal): Promise<boolean>;
  /** Activates the lease of a query; false when its first poll must not reach the cluster. */
  activate(
    query: { trinoQueryId: string; backendId: string },
    policy: { signal: AbortSignal; waitMs: number },
  ): Promise<boolean>;
  /** A query has ended, and its slot is free; reported until it is stored. */
  settle(trinoQueryId: string): void;
  /** A query was cancelled before its first poll: its slot is free, and a late poll needs one anew. If this cannot be reported, it expires. */
  expireUnpolled(trinoQueryId: string): void;
};

/** The client with the loop behind it. Disposal reports what is left, within two seconds. */
export type RunningAdmissionClient = AdmissionClient & AsyncDisposable;

export type AdmissionClientOptions = {
  transport: Transport;
  routerId: string;
  /** `router.gatewayserver_wait`, in milliseconds. */
  gatewayserverWaitMs: number;
  logger: Logger;
};

/** For calls that are not repeated: what they would end expires anyway. */
const CALL_LIMIT_MS = 2_500;
/** A sealed statement may have tens of megabytes. */
const LARGE_CALL_LIMIT_MS = 10_000;

/** The calls of AdmissionService. */
export function createAdmissionClient(options: AdmissionClientOptions): RunningAdmissionClient {
  const { transport, routerId, gatewayserverWaitMs, logger } = options;
  const admission = createClient(AdmissionService, transport);
  const endedLeases = createEndedLeases({
    send: async (trinoQueryIds, timeoutMs) => {
      await admission.settleLeases({ trinoQueryIds }, { timeoutMs });
    },
    repeat: (work) => every(1_000, 'reporting ended queries', logger, work),
    logger,
  });
  const retrying = <Answer>(
    signal: AbortSignal,
    call: (timeoutMs: number) => Promise<Answer>,
    policy: Partial<Pick<RetryPolicy, 'waitMs' | 'callLimitMs'>> = {},
  ) => whileUnreachable({ waitMs: gatewayserverWaitMs, ...policy, signal }, call);

  return {
    enqueue: (place, signal) =>
      retrying(
        signal,
        (timeoutMs) => admission.enqueue({ ...place, routerId, sentAtMs: performance.now() }, { signal, timeoutMs }),
        { callLimitMs: LARGE_CALL_LIMIT_MS },
      ),
    awaitTurn: (turn, { signal, waitMs }) => {
      const heldMs = turn.waitMs ?? 0;
      return retrying(
        signal,
        (timeoutMs) => unlessUnknown(admission.awaitTurn({ ...turn, routerId }, { signal, timeoutMs })),
        { waitMs: heldMs + waitMs },
      );
    },
    attend: (request, signal) =>
      admission.attend(request, { signal, timeoutMs: (request.waitMs ?? 0) + CALL_LIMIT_MS }).catch(() => undefined), // polls that are not attended ask by themselves, and say what is wrong
    leave: (waiter) => {
      admission.leave(waiter, { timeoutMs: CALL_LIMIT_MS }).catch(() => {}); // its presence ends by itself
    },
    assign: async (request, signal) => {
      const { accepted } = await retrying(signal, (timeoutMs) => admission.handOver(request, { signal, timeoutMs }), {
        callLimitMs: LARGE_CALL_LIMIT_MS,
      });
      return accepted;
    },
    release: async (request) => {
      try {
        await admission.giveBack(request, { timeoutMs: CALL_LIMIT_MS });
      } catch (error) {
        logger.warn('an unused slot cannot be released; its claim expires', {
          query: request.queryId,
          error: describeError(error),
        });
      }
    },
    cancelQueued: (request, signal) =>
      retrying(signal, (timeoutMs) => unlessUnknown(admission.cancelQueued(request, { signal, timeoutMs }))),
    findQueued: (queryId, signal) =>
      retrying(signal, (timeoutMs) => unlessUnknown(admission.findQueued({ queryId }, { signal, timeoutMs }))),
    confirmLease: async (submissionId, trinoQueryId, signal) => {
      const request = { submissionId, trinoQueryId };
      const { held } = await retrying(signal, (timeoutMs) => admission.handOut(request, { signal, timeoutMs }));
      return held;
    },
    activate: async (query, { signal, waitMs }) => {
      const { allowed } = await retrying(signal, (timeoutMs) => admission.activate(query, { signal, timeoutMs }), {
        waitMs,
      });
      return allowed;
    },
    settle: endedLeases.add,
    expireUnpolled: (trinoQueryId) => {
      const request = { trinoQueryIds: [trinoQueryId], byLook: true, unknown: true };
      admission.settleLeases(request, { timeoutMs: CALL_LIMIT_MS }).catch(() => {}); // it expires by itself
    },
    [Symbol.asyncDispose]: () => endedLeases[Symbol.asyncDispose](),
  };
}

async function unlessUnknown<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (ConnectError.from(error).code === Code.NotFound) return undefined;
    throw error;
  }
}
