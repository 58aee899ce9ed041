import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { CarryRequestSchema, CarryResponseSchema } from '@trino-gateway/api/gateway';
import {
  type CarriedAnswer,
  type CarriedCall,
  readRequestFrame,
  readResponseFrame,
  requestFrame,
  responseFrame,
} from './call-frames.ts';

const HEAD_BYTES = 5;
const NUMBERS = [1, 127, 128, 16_384, 2_097_152, 268_435_456, 4_294_967_295];
const bytes = (length: number) => new Uint8Array(length).fill(7);
const messageOf = (frame: Buffer) => new Uint8Array(frame.subarray(HEAD_BYTES));

const CALLS: CarriedCall[] = NUMBERS.map((number, at) => ({
  number,
  method: `trinogateway.v1.RoutingService/Ä${at}`,
  request: bytes(at * 100),
}));
const ANSWERS: CarriedAnswer[] = NUMBERS.map((number, at) =>
  at % 2 === 0
    ? { number, response: bytes(at * 10_000) }
    : { number, failure: { code: at, message: `half a pair: \ud800 ${at}` } },
);
const whole = (answer: CarriedAnswer) => ({ ...answer, response: answer.response && [...answer.response] });

test('requests are the bytes of the contract, both ways', () => {
  const frame = requestFrame(CALLS, NUMBERS);
  const message = fromBinary(CarryRequestSchema, messageOf(frame));
  expect(message).toEqual(create(CarryRequestSchema, { calls: CALLS, dropped: NUMBERS }));
  for (const written of [messageOf(frame), toBinary(CarryRequestSchema, message)]) {
    const [calls, dropped]: [CarriedCall[], number[]] = [[], []];
    readRequestFrame(
      written,
      (call) => calls.push({ ...call, request: new Uint8Array(call.request) }),
      (number) => dropped.push(number),
    );
    expect([calls, dropped]).toEqual([CALLS, NUMBERS]);
  }
});

test('answers are the bytes of the contract, both ways', () => {
  const frame = responseFrame(ANSWERS);
  const message = fromBinary(CarryResponseSchema, messageOf(frame));
  const wellFormed = ANSWERS.map(({ number, response, failure }) =>
    failure ? { number, failure: { ...failure, message: failure.message.toWellFormed() } } : { number, response },
  ) as CarriedAnswer[];
  expect(message.answers.map(({ outcome }) => outcome.case)).toEqual(
    ANSWERS.map(({ failure }) => (failure ? 'failure' : 'response')),
  );
  for (const written of [messageOf(frame), toBinary(CarryResponseSchema, message)]) {
    const answers: CarriedAnswer[] = [];
    readResponseFrame(written, (answer) => answers.push(answer));
    expect(answers.map(whole)).toEqual(wellFormed.map(whole));
  }
});

test('fields of a newer version are skipped, and what is no message is refused', () => {
  const unknown = Uint8Array.of(0x78, 1, 0x7a, 2, 9, 9); // field 15, as a number and as two bytes
  const answers: CarriedAnswer[] = [];
  readResponseFrame(
    new Uint8Array([...unknown, ...messageOf(responseFrame([{ number: 3, response: bytes(1) }]))]),
    (one) => answers.push(one),
  );
  expect(answers).toEqual([{ number: 3, response: bytes(1) }]);
  for (const wrong of [[0x0a, 5, 1], [0x0a], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], [0x03]])
    expect(() =>
      readRequestFrame(
        Uint8Array.from(wrong),
        () => {},
        () => {},
      ),
    ).toThrow();
});
