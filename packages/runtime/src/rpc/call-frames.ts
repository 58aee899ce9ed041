import { toBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { CarryResponse_FailureSchema } from '@trino-gateway/api/gateway';
import { envelopeFor } from './envelopes.ts';

/**
 * CarryRequest and CarryResponse, written and read without message objects: every call of a router passes here twice. The bytes are
 * those that any other implementation of the contract writes and reads.
 */
export type CarriedCall = { number: number; method: string; request: Uint8Array };

/** What became of a call. */
export type CarriedAnswer = { number: number } & (
  | { response: Uint8Array; failure?: undefined }
  | { response?: undefined; failure: { code: number; message: string } }
);

// The tags of the fields below: number * 8 + 0 for a number, + 2 for something with a length.
const TAG = { first: 0x0a, number: 0x08, second: 0x12, third: 0x1a, dropped: 0x10 };
const DELIMITED = 2;

/** An envelope with a CarryRequest. */
export function requestFrame(calls: readonly CarriedCall[], dropped: readonly number[]): Buffer {
  const methods = calls.map(({ method }) => Buffer.byteLength(method));
  const sizes = calls.map(
    ({ number, request }, at) => 1 + varintSize(number) + partSize(methods[at] ?? 0) + partSize(request.length),
  );
  const bytes = sizes.reduce((sum, size) => sum + partSize(size), 0);
  const { envelope, at: begin } = envelopeFor(bytes + dropped.reduce((sum, number) => sum + 1 + varintSize(number), 0));
  let at = begin;
  calls.forEach(({ number, method, request }, index) => {
    at = writeTag(envelope, at, TAG.first, sizes[index] ?? 0);
    at = writeTag(envelope, at, TAG.number, number);
    at = writeTag(envelope, at, TAG.second, methods[index] ?? 0);
    at += envelope.write(method, at);
    at = writeTag(envelope, at, TAG.third, request.length);
    envelope.set(request, at);
    at += request.length;
  });
  for (const number of dropped) at = writeTag(envelope, at, TAG.dropped, number);
  return envelope;
}

/** An envelope with a CarryResponse. */
export function responseFrame(answers: readonly CarriedAnswer[]): Buffer {
  const outcomes = answers.map(({ response, failure }) => response ?? failureBytes(failure));
  const sizes = answers.map(({ number }, at) => 1 + varintSize(number) + partSize(outcomes[at]?.length ?? 0));
  const { envelope, at: begin } = envelopeFor(sizes.reduce((sum, size) => sum + partSize(size), 0));
  let at = begin;
  answers.forEach(({ number, failure }, index) => {
    const outcome = outcomes[index] as Uint8Array;
    at = writeTag(envelope, at, TAG.first, sizes[index] ?? 0);
    at = writeTag(envelope, at, TAG.number, number);
    at = writeTag(envelope, at, failure === undefined ? TAG.second : TAG.third, outcome.length);
    envelope.set(outcome, at);
    at += outcome.length;
  });
  return envelope;
}

/** @throws Error when it is no CarryRequest. The requests are parts of it. */
export function readRequestFrame(
  message: Uint8Array,
  onCall: (call: CarriedCall) => void,
  onDropped: (number: number) => void,
): void {
  readFields(message, (field, reader, wireType) => {
    if (field === 1 && wireType === DELIMITED) onCall(readCall(reader.bytes()));
    else if (field === 2 && wireType === DELIMITED) for (const number of readPacked(reader.bytes())) onDropped(number);
    else if (field === 2) onDropped(reader.uint32());
    else return false;
    return true;
  });
}

/** @throws Error when it is no CarryResponse. The responses are parts of it. */
export function readResponseFrame(message: Uint8Array, onAnswer: (answer: CarriedAnswer) => void): void {
  readFields(message, (field, reader, wireType) => {
    if (field !== 1 || wireType !== DELIMITED) return false;
    onAnswer(readAnswer(reader.bytes()));
    return true;
  });
}

function readCall(message: Uint8Array): CarriedCall {
  const call: CarriedCall = { number: 0, method: '', request: new Uint8Array() };
  readFields(message, (field, reader) => {
    if (field === 1) call.number = reader.uint32();
    else if (field === 2) call.method = reader.string();
    else if (field === 3) call.request = reader.bytes();
    else return false;
    return true;
  });
  return call;
}

function readAnswer(message: Uint8Array): CarriedAnswer {
  let number = 0;
  let response: Uint8Array = new Uint8Array();
  let failure: CarriedAnswer['failure'];
  readFields(message, (field, reader) => {
    if (field === 1) number = reader.uint32();
    else if (field === 2) response = reader.bytes();
    else if (field === 3) failure = readFailure(reader.bytes());
    else return false;
    return true;
  });
  return failure === undefined ? { number, response } : { number, failure };
}

function readFailure(message: Uint8Array): { code: number; message: string } {
  const failure = { code: 0, message: '' };
  readFields(message, (field, reader) => {
    if (field === 1) failure.code = reader.int32();
    else if (field === 2) failure.message = reader.string();
    else return false;
    return true;
  });
  return failure;
}

/** Calls `read` for each field; what it does not know is skipped. */
function readFields(
  message: Uint8Array,
  read: (field: number, reader: BinaryReader, wireType: number) => boolean,
): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!read(field, reader, wireType)) reader.skip(wireType, field);
  }
}

function* readPacked(message: Uint8Array): Generator<number> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) yield reader.uint32();
}

function failureBytes(failure: { code: number; message: string } | undefined): Uint8Array {
  const { code = 0, message = '' } = failure ?? {};
  return toBinary(CarryResponse_FailureSchema, {
    $typeName: CarryResponse_FailureSchema.typeName,
    code,
    message: message.toWellFormed(),
  });
}

function partSize(bytes: number): number {
  return 1 + varintSize(bytes) + bytes;
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** A tag and the number that follows it: a value, or a length. */
function writeTag(buffer: Buffer, begin: number, tag: number, value: number): number {
  buffer[begin] = tag;
  let at = begin + 1;
  let left = value;
  while (left > 0x7f) {
    buffer[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  buffer[at++] = left;
  return at;
}
