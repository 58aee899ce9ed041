import type { AdmissionService } from '@trino-gateway/api/gateway';
import { createRouterClocks } from '../../../admission/router-clocks.ts';
import type { MultiplexedService } from '../../transport/multiplexer.ts';
import type { AdmissionContext } from './admission-context.ts';
import { activateLease, confirm, listLeases, settleLeases } from './leases.ts';
import { cancelQueued, enqueueQuery, findQueued, leaveQueue } from './queued-queries.ts';
import { assignQuery, attendClients, awaitSlotOffer, releaseOffer } from './slot-offers.ts';

/** Slots and places in queues, for the routers and the monitor. */
export function admissionService(context: AdmissionContext): MultiplexedService<typeof AdmissionService> {
  const clocks = createRouterClocks(context.ledger.now);
  return {
    enqueue: (request) => enqueueQuery(context, clocks, request),
    awaitTurn: (request, { signal }) => awaitSlotOffer(context, request, signal),
    attend: (request, { signal }) => attendClients(context, request, signal),
    leave: (request) => leaveQueue(context, request),
    handOver: (request) => assignQuery(context, request),
    giveBack: (request) => releaseOffer(context, request),
    cancelQueued: (request) => cancelQueued(context, request),
    findQueued: (request) => findQueued(context, request),
    handOut: (request) => confirm(context, request),
    activate: (request) => activateLease(context, request),
    settleLeases: (request) => settleLeases(context, request),
    listLeases: (request) => listLeases(context, request),
  };
}
