import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { BackendService, type GetDrainStatusResponseSchema, ScalingService } from '@trino-gateway/api/gateway';
import { serveFake } from './serve-fake.ts';

type Status = MessageInitShape<typeof GetDrainStatusResponseSchema>;

/** A gatewayserver that knows nothing but drains. */
export type FakeDrain = AsyncDisposable & {
  readonly url: string;
  /** What was done, in order: `drain a`, `force b`. */
  readonly done: string[];
  asked: number;
};

/**
 * Starts one on a free port.
 * @param answers of each backend in order, the last one again and again; an error is thrown
 */
export async function startFakeDrain(answers: Record<string, readonly (Status | ConnectError)[]>): Promise<FakeDrain> {
  const fake = { done: [] as string[], asked: 0 };
  const left = new Map(Object.entries(answers).map(([id, list]) => [id, [...list]]));
  const known = (id: string) => {
    const list = left.get(id);
    if (list) return list;
    throw new ConnectError(`there is no backend "${id}"`, Code.NotFound);
  };
  const routes = (router: ConnectRouter) => {
    router.service(BackendService, {
      drainBackend: ({ id }) => {
        known(id);
        fake.done.push(`drain ${id}`);
        return { id };
      },
      getDrainStatus: ({ id }) => {
        fake.asked += 1;
        const list = known(id);
        const answer = list.length > 1 ? list.shift() : list[0];
        if (answer instanceof ConnectError) throw answer;
        return { backendId: id, draining: true, ...answer };
      },
    });
    router.service(ScalingService, {
      forceStop: ({ id }) => {
        if (id === 'unscaled') throw new ConnectError('it has no scaler', Code.FailedPrecondition);
        fake.done.push(`force ${id}`);
        return { id };
      },
    });
  };
  return Object.assign(fake, await serveFake(routes));
}
