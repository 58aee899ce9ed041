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
import { createGathering, type Gathering } from './batcher.ts';
import { refusesToken } from './gateway-transport.ts';

/** One that was made on the stream and is not answered yet. */
type OpenCall = {
  answered(answer: CarryResponse_Answer): void;
  failed(error: ConnectError): void;
};

type Line = {
  calls: Map<number, OpenCall>;
  sending: Gathering<Sent>;
  lastNumber: number;
  /** Looks in a row that have found calls open and nothing heard. */
  silentLooks: number;
};

type Sent = { call: { number: number; method: string; request: Uint8Array } } | { dropped: number };

/** What is larger would hold up the others: it goes by a call of its own. */
const MOST_BYTES = 65_536;
const MOST_IN_MESSAGE = 500;
/** How long a gatewayserver may take to say its first word. */
const HELLO_LIMIT_MS = 2_500;
/**
 * While calls are open the gatewayserver shows once a second that it is there. Looks are counted, not time: while this
 * process is too busy to listen, nothing is to be heard.
 */
const LOOK_EVERY_MS = 500;
const MOST_SILENT_LOOKS = 5;
/** For a call by itself, unless it is large or held back: so the next replica gets its turn. */
const ALONE_LIMIT_MS = 2_500;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const NO_HEADERS = new Headers();

/**
 * A transport whose unary calls of these services travel on one stream (CarrierService), while there is one; else, and
 * for a while after one broke, each by itself. Calls that were under way then fail as unavailable, like those of a lost
 * connection; so they do, after two seconds, when not even a sign of life comes. Disposal ends the stream.
 * @param held methods whose answers may be held back: by themselves they keep the time limit they come with
 */
export function carryCalls(
  transport: Transport,
  services: readonly DescService[],
  held: readonly DescMethodUnary[] = [],
): Transport & Disposable {
  const carried = new Set(services);
  let line: Line | undefined;
  let mayOpenAt = 0;
  let pauseMs = FIRST_PAUSE_MS;
  const disposed = new AbortController();

  const open = (): Line => {
    const stop = new AbortController();
    const end = () => stop.abort(silent());
    const sending = createGathering<Sent>(MOST_IN_MESSAGE);
    const opened: Line = { calls: new Map(), sending, lastNumber: 0, silentLooks: 0 };
    const signal = AbortSignal.any([stop.signal, disposed.signal]);
    const looks = setInterval(() => {
      opened.silentLooks = opened.calls.size > 0 ? opened.silentLooks + 1 : 0;
      if (opened.silentLooks >= MOST_SILENT_LOOKS) end();
    }, LOOK_EVERY_MS);
    void listen(opened, signal, end).then((reason) => {
      clearInterval(looks);
      if (line === opened) line = undefined;
      mayOpenAt = performance.now() + pauseMs * (0.5 + Math.random());
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      sending.close();
      stop.abort(canceled());
      for (const call of opened.calls.values()) call.failed(reason);
    });
    return opened;
  };
  /** Until the stream is over. @returns what those are told that wait for an answer of it */
  const listen = async (opened: Line, signal: AbortSignal, end: () => void): Promise<ConnectError> => {
    const { calls, sending } = opened;
    const hello = setTimeout(end, HELLO_LIMIT_MS);
    try {
      const input = requests(sending.lists);
      const { message } = await transport.stream(CarrierService.method.carry, signal, 0, undefined, input);
      for await (const { answers } of message) {
        clearTimeout(hello);
        pauseMs = FIRST_PAUSE_MS;
        opened.silentLooks = 0;
        for (const answer of answers) calls.get(answer.number)?.answered(answer);
      }
      return lost();
    } catch (error) {
      // Of anything else the next call, made by itself, learns what is wrong.
      return refusesToken(error) ? ConnectError.from(error) : lost();
    } finally {
      clearTimeout(hello);
    }
  };

  return {
    unary: (method, signal, timeoutMs, header, input, values) => {
      if (!carried.has(method.parent) || disposed.signal.aborted)
        return transport.unary(method, signal, timeoutMs, header, input, values);
      const request = toBinary(method.input, create(method.input, input));
      if (request.length > MOST_BYTES) return transport.unary(method, signal, timeoutMs, header, input, values);
      if (performance.now() >= mayOpenAt) line ??= open();
      if (line) return makeCall(line, method, request, signal, timeoutMs);
      const limitMs = held.includes(method) ? timeoutMs : Math.min(timeoutMs ?? ALONE_LIMIT_MS, ALONE_LIMIT_MS);
      return transport.unary(method, signal, limitMs, header, input, values);
    },
    stream: transport.stream,
    [Symbol.dispose]: () => disposed.abort(canceled()),
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
    const timer = timeoutMs === undefined || timeoutMs <= 0 ? undefined : setTimeout(() => drop(silent()), timeoutMs);
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

function silent(): ConnectError {
  return new ConnectError('the gatewayserver did not answer in time', Code.DeadlineExceeded);
}

function lost(): ConnectError {
  return new ConnectError('the connection to the gatewayserver was lost', Code.Unavailable);
}

function canceled(): ConnectError {
  return new ConnectError('nobody waits for this call any more', Code.Canceled);
}
