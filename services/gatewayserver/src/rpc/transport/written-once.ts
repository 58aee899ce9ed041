import { create, type DescMessage, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf';

const writings = new WeakMap<object, Uint8Array>();

/** A message that answers many calls, and is written once. It must not be changed. */
export function writtenOnce<Desc extends DescMessage>(desc: Desc, init: MessageInitShape<Desc>): MessageShape<Desc> {
  const message = create(desc, init);
  writings.set(message, toBinary(desc, message));
  return message;
}

/** The bytes of a response. */
export function bytesOf<Desc extends DescMessage>(desc: Desc, response: MessageInitShape<Desc>): Uint8Array {
  return writings.get(response) ?? toBinary(desc, create(desc, response));
}
