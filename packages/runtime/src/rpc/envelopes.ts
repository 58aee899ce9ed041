/**
 * Messages of a stream as the Connect protocol has them on the wire: a byte of flags, four with the length, then the message.
 * https://connectrpc.com/docs/protocol#streaming-rpcs
 */
const HEAD_BYTES = 5;

/** The flag of the last message: JSON that says how the stream ended. */
export const END_OF_STREAM = 0b10;

/** An envelope with room for a message of so many bytes, and where that begins. */
export function envelopeFor(bytes: number, flags = 0): { envelope: Buffer; at: number } {
  const envelope = Buffer.allocUnsafe(HEAD_BYTES + bytes);
  envelope[0] = flags;
  envelope.writeUInt32BE(bytes, 1);
  return { envelope, at: HEAD_BYTES };
}

/** A message that is small and rare. */
export function enveloped(message: string, flags: number): Buffer {
  const { envelope, at } = envelopeFor(Buffer.byteLength(message), flags);
  envelope.write(message, at);
  return envelope;
}

/**
 * Finds the messages in what arrives, wherever it is broken into chunks. They are parts of the chunks: whoever keeps one copies it.
 * The function it answers throws RangeError when a message is longer than `mostBytes`.
 */
export function createEnvelopeReader(
  mostBytes: number,
  onMessage: (flags: number, message: Buffer) => void,
): (chunk: Buffer) => void {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let needed = HEAD_BYTES;
  return (chunk) => {
    kept.push(chunk);
    keptBytes += chunk.length;
    if (keptBytes < needed) return;
    const bytes = kept.length === 1 ? chunk : Buffer.concat(kept, keptBytes);
    let at = 0;
    needed = HEAD_BYTES;
    while (bytes.length - at >= HEAD_BYTES) {
      const length = bytes.readUInt32BE(at + 1);
      if (length > mostBytes) throw new RangeError(`a message of ${length} bytes is longer than ${mostBytes}`);
      needed = HEAD_BYTES + length;
      if (bytes.length - at < needed) break;
      const begin = at + HEAD_BYTES;
      at += needed;
      needed = HEAD_BYTES;
      onMessage(bytes[begin - HEAD_BYTES] ?? 0, bytes.subarray(begin, at));
    }
    kept = at === bytes.length ? [] : [bytes.subarray(at)];
    keptBytes = bytes.length - at;
  };
}
