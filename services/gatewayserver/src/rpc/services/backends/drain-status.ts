import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  type GetDrainStatusRequest,
  type GetDrainStatusResponseSchema,
  GetDrainStatusResponse_Remaining_Kind as Kind,
} from '@trino-gateway/api/gateway';
import { checkedId, checkedNumber, found } from '../../../configuration/validation.ts';
import { TooManyWaitersError } from '../../../drain/proving/drains.ts';
import type { DrainStatus } from '../../../drain/proving/prove-drain.ts';
import type { RpcContext } from '../context.ts';

const LONGEST_WAIT_MS = 600_000;

/** What still ties a backend. When nothing does, its incarnation is sealed by then. */
export async function getDrainStatus(
  { drains, configuration }: Pick<RpcContext, 'drains' | 'configuration'>,
  { id, waitMs }: GetDrainStatusRequest,
  gone: AbortSignal,
): Promise<MessageInitShape<typeof GetDrainStatusResponseSchema>> {
  checkedNumber('wait_ms', waitMs, 0, LONGEST_WAIT_MS);
  found('backend', checkedId(id), configuration.known.backends.get(id));
  try {
    return shownDrain(id, found('backend', id, await drains.wait(id, { waitMs, gone })));
  } catch (error) {
    if (!(error instanceof TooManyWaitersError)) throw error;
    throw new ConnectError('too many calls wait for drains here already: ask again later', Code.ResourceExhausted);
  }
}

function shownDrain(
  backendId: string,
  { draining, drained, sealed, remaining, suffix }: DrainStatus,
): MessageInitShape<typeof GetDrainStatusResponseSchema> {
  return {
    ...{ backendId, draining, drained, sealed: sealed || drained, coordinatorId: suffix },
    remaining: remaining.map(({ kind, count, text }) => ({ kind: Kind[kind], count, text })),
  };
}
