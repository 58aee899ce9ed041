import { type DescMethod, type DescMethodUnary, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { file_trinogateway_v1_gateway as contract } from '@trino-gateway/api/gateway';
import { gatewayserverOf, isUnreachable } from '@trino-gateway/runtime';
import type { Send, ToPrimary, ToWorker } from './messages.ts';

type Call = Extract<ToPrimary, { kind: 'call' }>;

/** The calls of one worker, made for it. */
export type RelayedCalls = {
  call(call: Call): void;
  dropped(call: number): void;
  /** The worker has ended: nobody waits for its calls. */
  left(): void;
};

const methods = new Map<string, DescMethodUnary>();
for (const method of contract.services.flatMap((service) => service.methods))
  if (isUnary(method)) methods.set(`${method.parent.typeName}/${method.name}`, method);

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary';
}

/**
 * Makes the calls of one worker.
 * @param transport to the gatewayserver, or to what stands in for it for some of the calls
 */
export function relayCalls(transport: Transport, send: Send<ToWorker>): RelayedCalls {
  const open = new Map<number, AbortController>();
  const make = async (
    { request, timeoutMs }: Call,
    method: DescMethodUnary,
    signal: AbortSignal,
  ): Promise<Uint8Array> => {
    const input = fromBinary(method.input, request);
    const { message } = await transport.unary(method, signal, timeoutMs, undefined, input);
    return toBinary(method.output, message);
  };
  const failed = (call: number, error: unknown) => {
    const { code, rawMessage } = ConnectError.from(error);
    // Of a broken connection only its code gets through to the worker.
    const told = code === Code.Internal && isUnreachable(error) ? Code.Unavailable : code;
    send({ kind: 'failure', call, code: told, message: rawMessage, gatewayserver: gatewayserverOf(error) });
  };
  return {
    call: (asked) => {
      const method = methods.get(asked.method);
      if (method === undefined) return failed(asked.call, new ConnectError('no such call', Code.Unimplemented));
      const dropped = new AbortController();
      open.set(asked.call, dropped);
      const over = () => open.delete(asked.call);
      make(asked, method, dropped.signal).then(
        (answer) => over() && send({ kind: 'answer', call: asked.call, answer }),
        (error: unknown) => over() && failed(asked.call, error),
      );
    },
    dropped: (call) => {
      open.get(call)?.abort();
      open.delete(call);
    },
    left: () => {
      for (const dropped of open.values()) dropped.abort();
      open.clear();
    },
  };
}
