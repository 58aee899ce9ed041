import {
  create,
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import type {
  CarrierService,
  CarryRequest,
  CarryRequest_Call,
  CarryResponse_AnswerSchema,
} from '@trino-gateway/api/gateway';
import { type Batcher, createBatcher } from '@trino-gateway/runtime';
import type { Guard } from './interceptors.ts';

/** All that a multiplexed call knows of its caller. */
type CallContext = Pick<HandlerContext, 'signal' | 'values'>;

/** A service whose calls may be multiplexed: they need nothing that only a call of its own has. */
export type MultiplexedService<Service extends DescService> = {
  [Name in keyof ServiceImpl<Service>]: ServiceImpl<Service>[Name] extends (
    request: infer Request,
    context: HandlerContext,
  ) => infer Answer
    ? (request: Request, context: CallContext) => Answer
    : never;
};

/** A unary method of a multiplexed service. */
type MultiplexedMethod = { method: DescMethodUnary; call: (request: never, context: CallContext) => unknown };

type Answer = MessageInitShape<typeof CarryResponse_AnswerSchema>;

type Options = {
  methods: ReadonlyMap<string, MultiplexedMethod>;
  /** What every call passes, multiplexed or not. */
  guard: Guard;
  /** Aborted when the process stops: a stream then ends with its last answer. */
  stopping: AbortSignal;
};

const MOST_OPEN = 50_000;
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

/** Multiplexes calls on one stream: each is answered as it would be on its own, as soon as possible. */
export function multiplexerService({ methods, guard, stopping }: Options): ServiceImpl<typeof CarrierService> {
  return {
    async *carry(requests, { signal, values }) {
      const answers = createBatcher<Answer | undefined>(MOST_IN_MESSAGE);
      const open = new Map<number, AbortController>();
      const alive = setInterval(() => {
        if (open.size > 0) answers.push(undefined);
      }, ALIVE_EVERY_MS);
      const endIfStopping = () => {
        if (stopping.aborted && open.size === 0) answers.close();
      };
      const answer = (call: CarryRequest_Call) => {
        if (open.size >= MOST_OPEN)
          return answers.push(failure(call, new ConnectError(`${MOST_OPEN} calls are open`, Code.ResourceExhausted)));
        const controller = new AbortController();
        open.set(call.number, controller);
        void outcomeOf(call, methods.get(call.method), guard, { signal: controller.signal, values }).then((outcome) => {
          open.delete(call.number);
          if (!controller.signal.aborted) answers.push(outcome);
          endIfStopping();
        });
      };
      const dropAll = () => {
        for (const controller of open.values()) controller.abort(DROPPED);
      };
      stopping.addEventListener('abort', endIfStopping);
      void readAll(requests, answer, (number) => open.get(number)?.abort(DROPPED), answers);
      signal.addEventListener('abort', dropAll);

      try {
        yield {};
        for await (const list of answers.batches) yield { answers: list.filter((one) => one !== undefined) };
      } finally {
        clearInterval(alive);
        stopping.removeEventListener('abort', endIfStopping);
        dropAll();
      }
    },
  };
}

/** One for all: creating a reason for each would cost more than the call. */
const DROPPED = new ConnectError('the caller has cancelled this call', Code.Canceled);

/** Until the caller ends its side, or disconnects. */
async function readAll(
  requests: AsyncIterable<CarryRequest>,
  answer: (call: CarryRequest_Call) => void,
  drop: (number: number) => void,
  answers: Batcher<unknown>,
): Promise<void> {
  try {
    for await (const { calls, dropped } of requests) {
      for (const call of calls) answer(call);
      for (const number of dropped) drop(number);
    }
  } catch {
    // The caller has disconnected: there is nothing left to answer.
  } finally {
    answers.close();
  }
}

async function outcomeOf(
  call: CarryRequest_Call,
  multiplexed: MultiplexedMethod | undefined,
  guard: Guard,
  context: CallContext,
): Promise<Answer> {
  try {
    if (!multiplexed) throw new ConnectError(`"${call.method}" is not multiplexed`, Code.Unimplemented);
    const { method } = multiplexed;
    const response = await guard(method, async () => multiplexed.call(decoded(method, call) as never, context));
    const message = create(method.output, response as MessageInitShape<typeof method.output>);
    return { number: call.number, outcome: { case: 'response', value: toBinary(method.output, message) } };
  } catch (error) {
    return failure(call, ConnectError.from(error));
  }
}

function decoded({ input }: DescMethodUnary, { request, method }: CarryRequest_Call) {
  try {
    return fromBinary(input, request);
  } catch {
    throw new ConnectError(`the request of ${method} cannot be read`, Code.InvalidArgument);
  }
}

function failure({ number }: CarryRequest_Call, { code, rawMessage }: ConnectError): Answer {
  return { number, outcome: { case: 'failure', value: { code, message: rawMessage } } };
}
