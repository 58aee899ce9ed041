import type { Client } from '@connectrpc/connect';
import { Code, ConnectError } from '@connectrpc/connect';
import type { GroupScaling, ScalingEvent, ScalingService } from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';

/** What is needed of the gatewayserver. */
export type LeadCalls = Pick<Client<typeof ScalingService>, 'leadScaling' | 'recordScaling'>;

/** The lead of autoscaling, which one monitor of several has at a time. */
export type Lead = {
  /** Takes or prolongs it. Answers whether it leads, and the groups as they are now. */
  take(signal: AbortSignal): Promise<{ leads: boolean; groups: GroupScaling[] }>;
  /** Whether it surely leads still: by a clock that is never set, and from before the lease was asked for. */
  holds(): boolean;
  /** Stores a decision. False when another monitor leads by now: nothing was stored, and nothing may be told. */
  record(group: GroupScaling, events: ScalingEvent[], signal: AbortSignal): Promise<boolean>;
  /** Gives it up, so that another monitor need not wait for the end of the lease. Never throws. */
  resign(): Promise<void>;
};

const RESIGN_LIMIT_MS = 2_000;

/**
 * Not taken yet.
 * @param monitorId drawn for this process
 * @param now any steady clock, in milliseconds
 */
export function createLead(
  monitorId: string,
  calls: LeadCalls,
  logger: Logger,
  now: () => number = () => performance.now(),
): Lead {
  let fence = 0n;
  let leadsUntil = Number.NEGATIVE_INFINITY;
  let led: boolean | undefined;
  const tell = (leads: boolean) => {
    if (leads !== led && (leads || led))
      logger.info(leads ? 'this monitor leads autoscaling' : 'another monitor leads autoscaling');
    led = leads;
  };
  return {
    take: async (signal) => {
      const askedAt = now();
      const answer = await calls.leadScaling({ monitorId, fence }, { signal });
      leadsUntil = answer.leads ? askedAt + answer.leaseMs : Number.NEGATIVE_INFINITY;
      if (answer.leads) fence = answer.fence;
      tell(answer.leads);
      return answer;
    },
    holds: () => now() < leadsUntil,
    record: async (group, events, signal) => {
      try {
        await calls.recordScaling({ monitorId, fence, group, events }, { signal });
        return true;
      } catch (error) {
        if (ConnectError.from(error).code !== Code.FailedPrecondition) throw error;
        leadsUntil = Number.NEGATIVE_INFINITY;
        tell(false);
        return false;
      }
    },
    resign: async () => {
      const held = now() < leadsUntil;
      leadsUntil = Number.NEGATIVE_INFINITY;
      // Who does not hear of it waits for the end of the lease.
      if (held)
        await calls.leadScaling({ monitorId, fence, resign: true }, { timeoutMs: RESIGN_LIMIT_MS }).catch(() => {});
    },
  };
}
