import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport, type UnaryResponse } from '@connectrpc/connect';
import { withGatewayserver } from '@trino-gateway/runtime';
import type { Send, ToPrimary, ToWorker } from './messages.ts';

type Outcome = Extract<ToWorker, { kind: 'answer' | 'failure' }>;

/** A worker's way to the gatewayserver: each call goes to the first process, which makes it. */
export type RelayTransport = Transport & {
  /** The first process has an answer. */
  answered(outcome: Outcome): void;
};

/** The first process keeps the time limits; one that does not answer at all is given up a little later. */
const GRACE_MS = 1_000;
const LONGEST_MS = 60_000;
const NO_HEADERS = new Headers();

/** No call is open. */
export function createRelayTransport(send: Send<ToPrimary>): RelayTransport {
  const open = new Map<number, (outcome: Outcome) => void>();
  let last = 0;
  return {
    unary: (method, signal, timeoutMs, _header, input) => {
      if (signal?.aborted) return Promise.reject(canceled());
      const call = ++last;
      const { promise, resolve, reject } =
        Promise.withResolvers<UnaryResponse<typeof method.input, typeof method.output>>();
      const settle = () => {
        open.delete(call);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const drop = (error: ConnectError) => {
        settle();
        send({ kind: 'dropped', call });
        reject(error);
      };
      const onAbort = () => drop(canceled());
      const timer = setTimeout(() => drop(silent()), (timeoutMs ?? LONGEST_MS) + GRACE_MS);
      signal?.addEventListener('abort', onAbort, { once: true });
      open.set(call, (outcome) => {
        settle();
        if (outcome.kind === 'failure') return reject(failureOf(outcome));
        const message = fromBinary(method.output, outcome.answer);
        resolve({ stream: false, service: method.parent, method, header: NO_HEADERS, trailer: NO_HEADERS, message });
      });
      const request = toBinary(method.input, create(method.input, input));
      send({ kind: 'call', call, method: `${method.parent.typeName}/${method.name}`, request, timeoutMs });
      return promise as never;
    },
    stream: () => Promise.reject(new ConnectError('a worker opens no streams', Code.Unimplemented)),
    answered: (outcome) => open.get(outcome.call)?.(outcome),
  };
}

function failureOf({ code, message, gatewayserver }: Extract<ToWorker, { kind: 'failure' }>): ConnectError {
  const failure = new ConnectError(message, code);
  return gatewayserver === undefined ? failure : withGatewayserver(failure, gatewayserver);
}

const canceled = () => new ConnectError('the caller has cancelled this call', Code.Canceled);
const silent = () => new ConnectError('the gatewayserver did not answer in time', Code.DeadlineExceeded);
