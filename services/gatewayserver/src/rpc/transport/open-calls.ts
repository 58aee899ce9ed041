import { type DescMethodUnary, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type ContextValues } from '@connectrpc/connect';
import type { CarriedAnswer, CarriedCall } from '@trino-gateway/runtime';
import type { Guard } from './interceptors.ts';
import { bytesOf } from './written-once.ts';

/** All that a multiplexed call knows of its caller. */
export type CallContext = { readonly signal: AbortSignal; readonly values: ContextValues };

/** A unary method of a multiplexed service. */
export type MultiplexedMethod = { method: DescMethodUnary; call: (request: never, context: CallContext) => unknown };

/** What answers multiplexed calls. */
export type CallHandling = {
  /** By their full names. */
  methods: ReadonlyMap<string, MultiplexedMethod>;
  /** What every call passes, multiplexed or not. */
  guard: Guard;
};

/** The calls of one stream that are not answered yet. */
export type OpenCalls = {
  begin(call: CarriedCall): void;
  /** Nobody waits for the answer any more. */
  drop(number: number): void;
  dropAll(): void;
  size(): number;
};

const MOST_OPEN = 50_000;
/** One for all: creating a reason for each would cost more than the call. */
const DROPPED = new ConnectError('the caller has cancelled this call', Code.Canceled);

/** None. @param answered called once for each call that is not dropped */
export function createOpenCalls(
  { methods, guard }: CallHandling,
  values: ContextValues,
  answered: (answer: CarriedAnswer) => void,
): OpenCalls {
  const open = new Map<number, OpenCall>();
  return {
    begin: (call) => {
      if (open.size >= MOST_OPEN)
        return answered(failure(call, new ConnectError(`${MOST_OPEN} calls are open`, Code.ResourceExhausted)));
      const context = new OpenCall(values);
      open.set(call.number, context);
      void outcomeOf(call, methods.get(call.method), guard, context).then((answer) => {
        if (open.get(call.number) === context) open.delete(call.number);
        if (!context.isDropped) answered(answer);
      });
    },
    drop: (number) => open.get(number)?.drop(),
    dropAll: () => {
      for (const call of open.values()) call.drop();
    },
    size: () => open.size,
  };
}

/** Its signal is made when it is first asked for: most calls are answered before anybody could ask. */
class OpenCall implements CallContext {
  readonly values: ContextValues;
  isDropped = false;
  #controller: AbortController | undefined;

  constructor(values: ContextValues) {
    this.values = values;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isDropped) this.#controller.abort(DROPPED);
    return this.#controller.signal;
  }

  drop(): void {
    this.isDropped = true;
    this.#controller?.abort(DROPPED);
  }
}

async function outcomeOf(
  call: CarriedCall,
  multiplexed: MultiplexedMethod | undefined,
  guard: Guard,
  context: CallContext,
): Promise<CarriedAnswer> {
  try {
    if (!multiplexed) throw new ConnectError(`"${call.method}" is not multiplexed`, Code.Unimplemented);
    const { method } = multiplexed;
    const response = await guard(method, async () => multiplexed.call(decoded(method, call) as never, context));
    return {
      number: call.number,
      response: bytesOf(method.output, response as MessageInitShape<typeof method.output>),
    };
  } catch (error) {
    return failure(call, ConnectError.from(error));
  }
}

function decoded({ input }: DescMethodUnary, { request, method }: CarriedCall) {
  try {
    // A copy: what is kept of the request must not keep all that arrived with it.
    return fromBinary(input, new Uint8Array(request));
  } catch {
    throw new ConnectError(`the request of ${method} cannot be read`, Code.InvalidArgument);
  }
}

function failure({ number }: CarriedCall, { code, rawMessage }: ConnectError): CarriedAnswer {
  return { number, failure: { code, message: rawMessage } };
}
