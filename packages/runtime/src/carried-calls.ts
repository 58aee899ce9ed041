import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport, type UnaryResponse } from '@connectrpc/connect';
import { CarrierService, type CarryResponse_Answer } from '@trino-gateway/api/gateway';
import { createGathering, type Gathering } from './gathering.ts';

/** One that was made on the stream and is not answered yet. */
type OpenCall = {
  answered(answer: CarryResponse_Answer): void;
  failed(error: ConnectError): void;
};

type Line = {
  calls: Map<number, OpenCall>;
  sending: Gathering<Sent>;
  lastNumber: number;
  heardAt: number;
  end(): void;
};

type Sent = { call: { number: number; method: string; request: Uint8Array } } | { dropped: number };

/** What is larger would hold up the others: it goes by a call of its own. */
const MOST_BYTES = 65_536;
const MOST_IN_MESSAGE = 500;
/** How long a gatewayserver may take to say its first word. */
const HELLO_LIMIT_MS = 2_500;
/** While calls are open the gatewayserver shows once a second that it is there. */
const SILENCE_MS = 2_200;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const NO_HEADERS = new Headers();

/**
 * A transport whose unary calls of these services travel on one stream (CarrierService), as long as there is one; else, and
 * while it is being opened again, each by itself. Calls that were under way when a stream breaks fail as unavailable, like
 * those of a lost connection. Disposal ends the stream.
 */
export function carryCalls(transport: Transport, services: readonly DescService[]): Transport & Disposable {
  const carried = new Set(services);
  let line: Line | undefined;
  let isOpening = false;
  let mayOpenAt = 0;
  let pauseMs = FIRST_PAUSE_MS;
  const disposed = new AbortController();

  const open = async () => {
    isOpening = true;
    const stop = new AbortController();
    const end = () => stop.abort(lost());
    disposed.signal.addEventListener('abort', end, { once: true });
    const hello = setTimeout(end, HELLO_LIMIT_MS);
    const sending = createGathering<Sent>(MOST_IN_MESSAGE);
    const own: Line = { calls: new Map(), sending, lastNumber: 0, heardAt: performance.now(), end };
    try {
      const input = requests(sending.lists);
      const { message } = await transport.stream(CarrierService.method.carry, stop.signal, 0, undefined, input);
      for await (const { answers } of message) {
        clearTimeout(hello);
        own.heardAt = performance.now();
        if (line !== own) {
          line = own;
          isOpening = false;
          pauseMs = FIRST_PAUSE_MS;
        }
        for (const answer of answers) own.calls.get(answer.number)?.answered(answer);
      }
    } catch {
      // Those that wait are told below; the next call, made by itself, meets what is wrong.
    } finally {
      clearTimeout(hello);
      disposed.signal.removeEventListener('abort', end);
      if (line === own) line = undefined;
      else isOpening = false;
      mayOpenAt = performance.now() + pauseMs * (0.5 + Math.random());
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      sending.close();
      stop.abort(lost());
      for (const call of own.calls.values()) call.failed(lost());
    }
  };

  return {
    unary: (method, signal, timeoutMs, header, input, values) => {
      if (carried.has(method.parent)) {
        if (line) {
          const request = toBinary(method.input, create(method.input, input));
          if (request.length <= MOST_BYTES) return makeCall(line, method, request, signal, timeoutMs);
        } else if (!isOpening && !disposed.signal.aborted && performance.now() >= mayOpenAt) void open();
      }
      return transport.unary(method, signal, timeoutMs, header, input, values);
    },
    stream: transport.stream,
    [Symbol.dispose]: () => disposed.abort(),
  };
}

async function* requests(
  lists: AsyncIterable<Sent[]>,
): AsyncGenerator<MessageInitShape<typeof CarrierService.method.carry.input>> {
  for await (const list of lists)
    yield {
      calls: list.flatMap((sent) => ('call' in sent ? [sent.call] : [])),
      dropped: list.flatMap((sent) => ('dropped' in sent ? [sent.dropped] : [])),
    };
}

function makeCall<I extends DescMessage, O extends DescMessage>(
  line: Line,
  method: DescMethodUnary<I, O>,
  request: Uint8Array,
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
): Promise<UnaryResponse<I, O>> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(canceled());
    line.lastNumber += 1;
    const number = line.lastNumber;
    const sentAt = performance.now();
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      line.calls.delete(number);
    };
    const drop = (error: ConnectError) => {
      settle();
      line.sending.push({ dropped: number });
      reject(error);
    };
    const onAbort = () => drop(canceled());
    const onTime = () => {
      drop(new ConnectError('the gatewayserver did not answer in time', Code.DeadlineExceeded));
      // Not even a sign of life for longer than there should be one: nobody is there any more.
      if (performance.now() - Math.max(sentAt, line.heardAt) >= SILENCE_MS) line.end();
    };
    const timer = timeoutMs === undefined || timeoutMs <= 0 ? undefined : setTimeout(onTime, timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    line.calls.set(number, {
      failed: (error) => {
        settle();
        reject(error);
      },
      answered: ({ outcome }) => {
        settle();
        if (outcome.case === 'failure') return reject(new ConnectError(outcome.value.message, outcome.value.code));
        const message = fromBinary(method.output, outcome.value ?? new Uint8Array());
        resolve({
          stream: false,
          service: method.parent,
          method,
          header: NO_HEADERS,
          trailer: NO_HEADERS,
          message,
        });
      },
    });
    line.sending.push({ call: { number, method: `${method.parent.typeName}/${method.name}`, request } });
  });
}

function lost(): ConnectError {
  return new ConnectError('the connection to the gatewayserver was lost', Code.Unavailable);
}

function canceled(): ConnectError {
  return new ConnectError('nobody waits for this call any more', Code.Canceled);
}
