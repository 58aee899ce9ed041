import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';

/** Beyond it all are forgotten. */
const MOST = 500;
/** What is longer is not likely to come again. */
const MOST_BYTES = 2_000;

/**
 * Reads messages of one kind, those with the same bytes once: whoever gets one shares it with others, and cannot change it. It must
 * have no field of bytes: those cannot be protected.
 */
export function readOnce<Desc extends DescMessage>(desc: Desc): (bytes: Uint8Array) => MessageShape<Desc> {
  const known = new Map<string, MessageShape<Desc>>();
  return (bytes) => {
    if (bytes.length > MOST_BYTES) return fromBinary(desc, bytes);
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= MOST) known.clear();
    const message = frozen(fromBinary(desc, bytes));
    known.set(key, message);
    return message;
  };
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
