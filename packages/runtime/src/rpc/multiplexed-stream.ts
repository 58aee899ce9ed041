import { type DescMessage, type DescMethodUnary, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type UnaryResponse } from '@connectrpc/connect';
import { RoutingService } from '@trino-gateway/api/gateway';
import { refusesToken } from './call-failures.ts';
import { type CarriedAnswer, type CarriedCall, requestFrame } from './call-frames.ts';
import type { CallStream, CallStreams } from './call-stream.ts';
import { readOnce } from './read-once.ts';

/** Unary calls that share one stream. */
export type MultiplexedStream = {
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: Uint8Array,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ): Promise<UnaryResponse<I, O>>;
};

/** A call that was made on the stream and is not answered yet. */
type OpenCall = {
  answered(answer: CarriedAnswer): void;
  failed(error: ConnectError): void;
};

const MOST_IN_MESSAGE = 500;
/** How long a gatewayserver may take to say its first word. */
const HELLO_LIMIT_MS = 2_500;
/**
 * While calls are open the gatewayserver sends a sign of life once a second. Checks are counted, not time: while this
 * process is too busy to read, nothing arrives.
 */
const CHECK_EVERY_MS = 500;
const MOST_SILENT_CHECKS = 5;
const NO_HEADERS = new Headers();

/**
 * Opens a stream. Its calls fail as unavailable, like those of a lost connection, when it breaks or falls silent.
 * @param disposed ends it
 */
export function openMultiplexedStream(
  streams: CallStreams,
  disposed: AbortSignal,
  events: { onAnswer: () => void; onEnd: () => void },
): MultiplexedStream {
  const calls = new Map<number, OpenCall>();
  const stop = new AbortController();
  const silence = watchForSilence(
    () => calls.size > 0,
    () => stop.abort(silent()),
  );
  const sending = createOutbox();
  const receive = async (): Promise<void> => {
    const signal = AbortSignal.any([stop.signal, disposed]);
    const stream = await streams.carry(signal, {
      onMessage: () => {
        silence.received();
        events.onAnswer();
      },
      onAnswer: (answer) => calls.get(answer.number)?.answered(answer),
    });
    sending.open(stream);
    await stream.ended;
  };
  const end = (reason: ConnectError) => {
    silence[Symbol.dispose]();
    events.onEnd();
    sending.close();
    stop.abort(canceled());
    for (const call of calls.values()) call.failed(reason);
  };
  void receive().then(
    () => end(lost()),
    // Of any other problem the next call, made by itself, learns.
    (error: unknown) => end(refusesToken(error) ? ConnectError.from(error) : lost()),
  );

  let lastNumber = 0;
  return {
    call: (method, request, signal, timeoutMs) => {
      if (signal?.aborted) return Promise.reject(canceled());
      lastNumber += 1;
      const number = lastNumber;
      const { promise, call } = openCall(method, signal, timeoutMs, {
        onSettled: () => calls.delete(number),
        onDropped: () => sending.drop(number),
      });
      calls.set(number, call);
      sending.push({ number, method: `${method.parent.typeName}/${method.name}`, request });
      return promise;
    },
  };
}

/** Calls `onSilence` when no first word comes in its time, or while something is awaited nothing arrives. */
function watchForSilence(isWaiting: () => boolean, onSilence: () => void): Disposable & { received(): void } {
  let silentChecks = 0;
  const hello = setTimeout(onSilence, HELLO_LIMIT_MS);
  const checks = setInterval(() => {
    silentChecks = isWaiting() ? silentChecks + 1 : 0;
    if (silentChecks >= MOST_SILENT_CHECKS) onSilence();
  }, CHECK_EVERY_MS);
  return {
    received: () => {
      clearTimeout(hello);
      silentChecks = 0;
    },
    [Symbol.dispose]: () => {
      clearTimeout(hello);
      clearInterval(checks);
    },
  };
}

/** Calls on their way out, once there is a stream: those of one turn of the event loop together. */
function createOutbox() {
  let calls: CarriedCall[] = [];
  let dropped: number[] = [];
  let stream: CallStream | undefined;
  let isDue = false;
  let isOver = false;
  const flush = () => {
    isDue = false;
    while (!isOver && calls.length + dropped.length > 0)
      stream?.send(requestFrame(calls.splice(0, MOST_IN_MESSAGE), dropped.splice(0)));
  };
  const flushSoon = () => {
    if (isDue || stream === undefined) return;
    isDue = true;
    setImmediate(flush);
  };
  return {
    open: (opened: CallStream) => {
      stream = opened;
      flush();
    },
    push: (call: CarriedCall) => {
      if (isOver) return;
      calls.push(call);
      flushSoon();
    },
    drop: (number: number) => {
      if (isOver) return;
      dropped.push(number);
      flushSoon();
    },
    close: () => {
      isOver = true;
      calls = [];
      dropped = [];
    },
  };
}

/** A call that ends with its answer, its time limit, its signal, or its stream. */
function openCall<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
  events: { onSettled: () => void; onDropped: () => void },
): { promise: Promise<UnaryResponse<I, O>>; call: OpenCall } {
  const { promise, resolve, reject } = Promise.withResolvers<UnaryResponse<I, O>>();
  const settle = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    events.onSettled();
  };
  const drop = (error: ConnectError) => {
    settle();
    events.onDropped();
    reject(error);
  };
  const onAbort = () => drop(canceled());
  const timer = timeoutMs === undefined || timeoutMs <= 0 ? undefined : setTimeout(() => drop(silent()), timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  const call: OpenCall = {
    failed: (error) => {
      settle();
      reject(error);
    },
    answered: ({ response, failure }) => {
      settle();
      if (failure !== undefined) return reject(new ConnectError(failure.message, failure.code));
      const message = readAnswer(method, response);
      resolve({ stream: false, service: method.parent, method, header: NO_HEADERS, trailer: NO_HEADERS, message });
    },
  };
  return { promise, call };
}

/** Most submissions get one of few answers. */
const readRoute = readOnce(RoutingService.method.route.output);

function readAnswer<O extends DescMessage>(
  method: DescMethodUnary<DescMessage, O>,
  bytes: Uint8Array,
): MessageShape<O> {
  if (method === (RoutingService.method.route as DescMethodUnary))
    return readRoute(bytes) as unknown as MessageShape<O>;
  // A copy: what is kept of the answer must not keep all that arrived with it.
  return fromBinary(method.output, new Uint8Array(bytes));
}

function silent(): ConnectError {
  return new ConnectError('the gatewayserver did not answer in time', Code.DeadlineExceeded);
}

function lost(): ConnectError {
  return new ConnectError('the connection to the gatewayserver was lost', Code.Unavailable);
}

/** Why a call ends that nobody waits for any more. */
export function canceled(): ConnectError {
  return new ConnectError('the caller has cancelled this call', Code.Canceled);
}
