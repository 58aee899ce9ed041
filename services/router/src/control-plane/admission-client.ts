import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import {
  AdmissionService,
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
import { createLeaseEnds } from './reports/ended-leases.ts';
import { type RetryPolicy, whileUnreachable } from './retry-unreachable.ts';

/**
 * Slots and places, as the gatewayserver keeps them. What answers waits for a gatewayserver that does not, up to `waitMs`
 * where it is given, else up to `router.gatewayserver_wait`.
 * @throws GatewayUnavailableError when it did not answer in that time
 */
export type AdmissionClient = {
  /** Takes a place in the queue. */
  enqueue(place: MessageInitShape<typeof EnqueueRequestSchema>, signal: AbortSignal): Promise<EnqueueResponse>;
  /** Whether it is this query's turn; undefined when nobody knows the link. */
  awaitTurn(
    turn: Omit<MessageInitShape<typeof AwaitTurnRequestSchema>, '$typeName' | 'routerId'>,
    policy: { signal: AbortSignal; waitMs: number },
  ): Promise<AwaitTurnResponse | undefined>;
  /** The client that polled has gone; told once, without waiting. */
  leave(waiter: MessageInitShape<typeof LeaveRequestSchema>): void;
  /** Whether the cluster's answer may be given to the client. */
  assign(request: MessageInitShape<typeof HandOverRequestSchema>, signal: AbortSignal): Promise<boolean>;
  /** The cluster has not taken it; when it cannot be told the claim ends by itself. */
  release(request: MessageInitShape<typeof GiveBackRequestSchema>): Promise<void>;
  /** Takes it out of the queue; undefined when nobody knows it. */
  cancelQueued(
    request: MessageInitShape<typeof CancelQueuedRequestSchema>,
    signal: AbortSignal,
  ): Promise<CancelQueuedResponse | undefined>;
  /** What became of a temporary id; undefined when nobody knows it. */
  findQueued(queryId: string, signal: AbortSignal): Promise<FindQueuedResponse | undefined>;
  /** Whether the slot of this submission is still held, and is from now on that of this query. */
  confirmLease(submissionId: string, trinoQueryId: string, signal: AbortSignal): Promise<boolean>;
  /** Whether the first poll of a query may reach its cluster. */
  activate(
    query: { trinoQueryId: string; backendId: string },
    policy: { signal: AbortSignal; waitMs: number },
  ): Promise<boolean>;
  /** A query has ended: its slot is free. Told until it is stored. */
  settle(trinoQueryId: string): void;
};

/** The calls with the loop behind them. Disposal tells what is left to tell, within two seconds. */
export type RunningAdmissionClient = AdmissionClient & AsyncDisposable;

export type AdmissionClientOptions = {
  transport: Transport;
  routerId: string;
  /** `router.gatewayserver_wait`, in milliseconds. */
  gatewayserverWaitMs: number;
  logger: Logger;
};

/** Of what is told once and then ends by itself. */
const CALL_LIMIT_MS = 2_500;
/** A sealed statement may have tens of megabytes. */
const LARGE_CALL_LIMIT_MS = 10_000;

/** The calls of AdmissionService. */
export function createAdmissionClient(options: AdmissionClientOptions): RunningAdmissionClient {
  const { transport, routerId, gatewayserverWaitMs, logger } = options;
  const admission = createClient(AdmissionService, transport);
  const ends = createLeaseEnds({
    send: async (trinoQueryIds, timeoutMs) => {
      await admission.settleLeases({ trinoQueryIds }, { timeoutMs });
    },
    repeat: (work) => every(1_000, 'telling which queries have ended', logger, work),
    logger,
  });
  const retrying = <Answer>(
    signal: AbortSignal,
    call: (timeoutMs: number) => Promise<Answer>,
    policy: Partial<Pick<RetryPolicy, 'waitMs' | 'callLimitMs'>> = {},
  ) => whileUnreachable({ waitMs: gatewayserverWaitMs, ...policy, signal }, call);

  return {
    enqueue: (place, signal) =>
      retrying(signal, (timeoutMs) => admission.enqueue(place, { signal, timeoutMs }), {
        callLimitMs: LARGE_CALL_LIMIT_MS,
      }),
    awaitTurn: (turn, { signal, waitMs }) => {
      const heldMs = turn.waitMs ?? 0;
      return retrying(
        signal,
        (timeoutMs) => unlessUnknown(admission.awaitTurn({ ...turn, routerId }, { signal, timeoutMs })),
        { waitMs: heldMs + waitMs },
      );
    },
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
        logger.warn('a slot that was not used cannot be given back; it ends by itself', {
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
    settle: ends.add,
    [Symbol.asyncDispose]: () => ends[Symbol.asyncDispose](),
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
