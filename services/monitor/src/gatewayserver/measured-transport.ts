import { Code, ConnectError, type Transport } from '@connectrpc/connect';

/** Called when a call has ended: its method, `ok` or the name of its error, and how long it took. */
export type OnCall = (method: string, code: string, durationMs: number) => void;

/** The same transport, with each unary call told of; one the caller itself gave up is not. */
export function measuredTransport(transport: Transport, onCall: OnCall): Transport {
  return {
    stream: (...call) => transport.stream(...call),
    unary: async (method, signal, ...rest) => {
      const began = performance.now();
      const tell = (code: string) => onCall(method.name, code, performance.now() - began);
      try {
        const answer = await transport.unary(method, signal, ...rest);
        tell('ok');
        return answer;
      } catch (error) {
        if (!signal?.aborted) tell(Code[ConnectError.from(error).code] ?? 'Unknown');
        throw error;
      }
    },
  };
}
