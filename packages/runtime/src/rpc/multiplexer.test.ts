import type { DescMethodUnary } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import { AdmissionService } from '@trino-gateway/api/gateway';
import type { CallStreams } from './call-stream.ts';
import { multiplexCalls } from './multiplexer.ts';

const { awaitTurn, enqueue, findQueued } = AdmissionService.method;

test('while there is no stream, unary calls get a short time limit, unless they are long polls or large', async () => {
  const limits: (number | undefined)[] = [];
  const away = () => Promise.reject(new ConnectError('nobody there', Code.Unavailable));
  const transport: Transport & CallStreams = {
    stream: away,
    carry: away,
    unary: (_method, _signal, timeoutMs) => {
      limits.push(timeoutMs);
      return away();
    },
  };
  using multiplexed = multiplexCalls(transport, [AdmissionService], [awaitTurn]);
  const call = (method: DescMethodUnary, timeoutMs: number, request = {}) =>
    expect(multiplexed.unary(method, undefined, timeoutMs, undefined, request)).rejects.toThrow();
  await call(findQueued, 10_000); // by this the stream is known to be lost
  expect(limits).toEqual([]);
  await Promise.all([
    call(findQueued, 10_000),
    call(findQueued, 1_000),
    call(awaitTurn, 7_000),
    call(enqueue, 10_000, { sealed: new Uint8Array(100_000) }),
  ]);
  expect(limits).toEqual([2_500, 1_000, 7_000, 10_000]);
});
