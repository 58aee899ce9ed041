import { Code, ConnectError, type Transport } from '@connectrpc/connect';

/** Called when a call has ended: its method, `ok` or the name of its error, and how long it took. */
export type OnCall = (method: string, code: string, durationMs: number) => void;

/** The same transport, measuring each unary call except those that their own caller cancelled. */
export function measuredTransport(transport: Transport, onCall: OnCall): Transport {
  return {
    stream: (...call) => transport.stream(...call),
    unary: async (method, signal, ...rest) => {
      const startedAt = performance.now();
      const ended = (code: string) => onCall(method.name, code, performance.now() - startedAt);
      try {
        const answer = await transport.unary(method, signal, ...rest);
        ended('ok');
        return answer;
      } catch (error) {
        if (!signal?.aborted) ended(Code[ConnectError.from(error).code] ?? 'Unknown');
        throw error;
      }
    },
  };
}
