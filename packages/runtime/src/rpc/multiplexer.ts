import { create, type DescMethodUnary, type DescService, toBinary } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { createBackoff } from '../loops/backoff.ts';
import type { CallStreams } from './call-stream.ts';
import { canceled, type MultiplexedStream, openMultiplexedStream } from './multiplexed-stream.ts';

/** A larger request would hold up the others: it goes by a call of its own. */
const MOST_BYTES = 65_536;
/** For a call by itself, unless it is large or held back: so that the next replica is tried soon. */
const ALONE_LIMIT_MS = 2_500;
const PAUSES = { firstMs: 200, longestMs: 5_000 };

/**
 * A transport whose unary calls of these services share one HTTP/2 stream (CarrierService), while there is one; else, and
 * for a while after one broke, each goes by itself. When a stream breaks, or two seconds bring not even a sign of life, its
 * open calls fail as unavailable, like those of a lost connection. Disposal ends the stream.
 * @param transport without streams of calls, each call goes by itself
 * @param held methods whose answers may be held back: by themselves they keep the time limit they come with
 */
export function multiplexCalls(
  transport: Transport & Partial<CallStreams>,
  services: readonly DescService[],
  held: readonly DescMethodUnary[] = [],
): Transport & Disposable {
  const multiplexed = new Set(services);
  const backoff = createBackoff(PAUSES);
  const disposed = new AbortController();
  let current: MultiplexedStream | undefined;

  const open = (carry: CallStreams['carry']): MultiplexedStream => {
    const stream = openMultiplexedStream({ carry }, disposed.signal, {
      onAnswer: backoff.succeeded,
      onEnd: () => {
        if (current === stream) current = undefined;
        backoff.failed();
      },
    });
    return stream;
  };
  return {
    unary: (method, signal, timeoutMs, header, input, values) => {
      if (!multiplexed.has(method.parent) || disposed.signal.aborted)
        return transport.unary(method, signal, timeoutMs, header, input, values);
      const request = toBinary(method.input, create(method.input, input));
      if (request.length > MOST_BYTES) return transport.unary(method, signal, timeoutMs, header, input, values);
      if (transport.carry && backoff.isDue()) current ??= open(transport.carry);
      if (current) return current.call(method, request, signal, timeoutMs);
      const limitMs = held.includes(method) ? timeoutMs : Math.min(timeoutMs ?? ALONE_LIMIT_MS, ALONE_LIMIT_MS);
      return transport.unary(method, signal, limitMs, header, input, values);
    },
    stream: transport.stream,
    [Symbol.dispose]: () => disposed.abort(canceled()),
  };
}
