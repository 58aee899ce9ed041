import { type DescMessage, fromJsonString, type MessageShape, toJsonString } from '@bufbuild/protobuf';

/** A message as a row keeps it. */
export function toDocument<Desc extends DescMessage>(desc: Desc, message: MessageShape<Desc>): string {
  return toJsonString(desc, message);
}

/** A stored message. Fields of a newer version, which this one does not know, are ignored. */
export function fromDocument<Desc extends DescMessage>(desc: Desc, document: string): MessageShape<Desc> {
  return fromJsonString(desc, document, { ignoreUnknownFields: true });
}
