import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import {
  Backend_ForwardedHeaders,
  RecordIncarnationRequestSchema,
  RecordIncarnationResponseSchema,
  SuiteService,
} from '@trino-gateway/api/gateway';
import type { FollowedConfiguration } from '../control-plane/follow-configuration.ts';
import { coordinatorOf, type Incarnation } from '../stickiness/coordinator.ts';
import type { OwnershipTable } from '../stickiness/ownership.ts';

type Record = { suffix: string; backendId: string; url: string };

/**
 * To the gatewayserver for a worker. Incarnations that it sees first are recorded by this process, which keeps them until they are stored,
 * has them in the state file, and tells the other workers.
 * @param onRecorded called with each
 */
export function recordingOnce(
  transport: Transport,
  configuration: Pick<FollowedConfiguration, 'backends' | 'recordIncarnation'>,
  ownership: Pick<OwnershipTable, 'restore'>,
  onRecorded: (incarnation: Incarnation) => void,
): Transport {
  const { recordIncarnation: method } = SuiteService.method;
  const record = async ({ suffix, backendId, url }: Record) => {
    const backend = configuration.backends().get(backendId);
    const coordinator =
      backend?.url === url
        ? coordinatorOf(backend)
        : { backendId, url, forwardedHeaders: Backend_ForwardedHeaders.AUTO };
    const incarnation = { suffix, ...coordinator };
    ownership.restore(incarnation);
    if (!(await configuration.recordIncarnation(incarnation)))
      throw new ConnectError('this suffix is known of another backend', Code.FailedPrecondition);
    onRecorded(incarnation);
  };
  return {
    stream: transport.stream,
    unary: async (asked, signal, timeoutMs, header, input, values) => {
      if (asked.parent !== method.parent || asked.name !== method.name)
        return await transport.unary(asked, signal, timeoutMs, header, input, values);
      await record(create(RecordIncarnationRequestSchema, input as Record));
      const message = create(RecordIncarnationResponseSchema) as never;
      const none = new Headers();
      return { stream: false, service: asked.parent, method: asked, header: none, trailer: none, message };
    },
  };
}
