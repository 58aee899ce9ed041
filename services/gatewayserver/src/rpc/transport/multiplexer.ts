import type { DescMethod, DescMethodUnary, DescService, MessageInitShape } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import type { CarrierService, CarryRequest, CarryResponse_AnswerSchema } from '@trino-gateway/api/gateway';
import { type Batcher, type CarriedAnswer, createBatcher } from '@trino-gateway/runtime';
import {
  type CallContext,
  type CallHandling,
  createOpenCalls,
  type MultiplexedMethod,
  type OpenCalls,
} from './open-calls.ts';

/** A service whose calls may be multiplexed: they need nothing that only a call of its own has. */
export type MultiplexedService<Service extends DescService> = {
  [Name in keyof ServiceImpl<Service>]: ServiceImpl<Service>[Name] extends (
    request: infer Request,
    context: HandlerContext,
  ) => infer Answer
    ? (request: Request, context: CallContext) => Answer
    : never;
};

type Options = CallHandling & {
  /** Aborted when the process stops: a stream then ends with its last answer. */
  stopping: AbortSignal;
};

const MOST_IN_MESSAGE = 200;
const ALIVE_EVERY_MS = 1_000;

/** The unary methods of a service by their full names. */
export function multiplexedMethods<Service extends DescService>(
  service: Service,
  implementation: MultiplexedService<Service>,
): [string, MultiplexedMethod][] {
  return service.methods.flatMap((method): [string, MultiplexedMethod][] => {
    const call = implementation[method.localName as keyof MultiplexedService<Service>];
    if (!isUnary(method) || call === undefined) return [];
    return [[`${service.typeName}/${method.name}`, { method, call: call as MultiplexedMethod['call'] }]];
  });
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary';
}

/**
 * Multiplexes calls on one stream: each is answered as it would be on its own, as soon as possible. For the streams of all
 * protocols but that which routers speak (serve-call-stream.ts).
 */
export function multiplexerService({ stopping, ...handling }: Options): ServiceImpl<typeof CarrierService> {
  return {
    async *carry(requests, { signal, values }) {
      const answers = createBatcher<CarriedAnswer | undefined>(MOST_IN_MESSAGE);
      const endIfStopping = () => {
        if (stopping.aborted && calls.size() === 0) answers.close();
      };
      const calls = createOpenCalls(handling, values, (answer) => {
        answers.push(answer);
        endIfStopping();
      });
      const alive = setInterval(() => {
        if (calls.size() > 0) answers.push(undefined);
      }, ALIVE_EVERY_MS);
      stopping.addEventListener('abort', endIfStopping);
      void readAll(requests, calls, answers);
      signal.addEventListener('abort', calls.dropAll);

      try {
        yield {};
        for await (const list of answers.batches)
          yield { answers: list.filter((one) => one !== undefined).map(messageOf) };
      } finally {
        clearInterval(alive);
        stopping.removeEventListener('abort', endIfStopping);
        calls.dropAll();
      }
    },
  };
}

/** Until the caller ends its side, or disconnects. */
async function readAll(
  requests: AsyncIterable<CarryRequest>,
  open: OpenCalls,
  answers: Batcher<unknown>,
): Promise<void> {
  try {
    for await (const { calls, dropped } of requests) {
      for (const call of calls) open.begin(call);
      for (const number of dropped) open.drop(number);
    }
  } catch {
    // The caller has disconnected: there is nothing left to answer.
  } finally {
    answers.close();
  }
}

function messageOf({ number, response, failure }: CarriedAnswer): MessageInitShape<typeof CarryResponse_AnswerSchema> {
  if (failure !== undefined) return { number, outcome: { case: 'failure', value: failure } };
  return { number, outcome: { case: 'response', value: response } };
}
