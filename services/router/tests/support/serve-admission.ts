import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import type { AdmissionService } from '@trino-gateway/api/gateway';
import type { FakeAdmission } from './fake-admission.ts';

/** The fake as the gatewayserver offers it; ListLeases is the monitor's and not served. */
export function serveAdmission(fake: FakeAdmission): Partial<ServiceImpl<typeof AdmissionService>> {
  const { link } = fake;
  const known = <Answer>(answer: Answer | undefined): Answer => {
    if (answer === undefined) throw new ConnectError('not known', Code.NotFound);
    return answer;
  };
  const up = () => {
    if (fake.down) throw new ConnectError('the database is away', Code.Unavailable);
  };
  return {
    enqueue: async (place, { signal }) => {
      up();
      return await link.enqueue(place, signal);
    },
    awaitTurn: async (turn, { signal }) => {
      up();
      return known(await link.awaitTurn(turn, { signal, waitMs: 0 }));
    },
    leave: async (waiter) => {
      link.leave(waiter);
      return {};
    },
    handOver: async (request, { signal }) => {
      up();
      return { accepted: await link.assign(request, signal) };
    },
    giveBack: async (request) => {
      up();
      await link.release(request);
      return {};
    },
    cancelQueued: async (request, { signal }) => {
      up();
      return known(await link.cancelQueued(request, signal));
    },
    findQueued: async ({ queryId }, { signal }) => {
      up();
      return known(await link.findQueued(queryId, signal));
    },
    handOut: async ({ submissionId, trinoQueryId }, { signal }) => {
      up();
      return { held: await link.confirmLease(submissionId, trinoQueryId, signal) };
    },
    activate: async (query, { signal }) => {
      up();
      return { allowed: await link.activate(query, { signal, waitMs: 0 }) };
    },
    settleLeases: async ({ trinoQueryIds }) => {
      up();
      for (const id of trinoQueryIds) link.settle(id);
      return {};
    },
  };
}
