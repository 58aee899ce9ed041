import { zstdDecompressSync } from 'node:zlib';

const prefix = '$zstd:';
/** Longest statement that Trino accepts, `query.max-length`: what a longer one would do does not matter. */
const mostCharacters = 1_000_000;
/** UTF-8 has no more bytes for so many characters. */
const mostBytes = 3 * mostCharacters;

/**
 * The text of a prepared statement whose value may be compressed (PreparedStatementEncoder); undefined when it cannot be read,
 * 'tooLong' when it is longer than any statement. `beforeInflating` is called with the bytes to come and may end it by throwing.
 */
export function inflated(
  value: string | undefined,
  beforeInflating: (bytes: number) => void = () => {},
): string | undefined | 'tooLong' {
  if (value?.startsWith(prefix) !== true) return value;
  const bytes = Buffer.from(value.slice(prefix.length), 'base64url');
  const size = frameContentSize(bytes);
  if (size !== undefined && size > mostBytes) return 'tooLong';
  beforeInflating(size ?? mostBytes);
  let text: string;
  try {
    const chunkSize = Math.max(size ?? 65_536, 1_024);
    text = zstdDecompressSync(bytes, { maxOutputLength: mostBytes, chunkSize }).toString('utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'tooLong' : undefined;
  }
  return text.length > mostCharacters ? 'tooLong' : text;
}

/** How long a Zstandard frame says that its content is (RFC 8878, 3.1.1.1); undefined when it does not say. */
function frameContentSize(frame: Buffer): number | undefined {
  if (frame.length < 18 || frame.readUInt32LE() !== 0xfd2fb528) return undefined;
  const descriptor = frame.readUInt8(4);
  const isSingleSegment = (descriptor & 0b10_0000) !== 0;
  const idBytes = [0, 1, 2, 4][descriptor & 0b11] ?? 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + idBytes;
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? frame.readUInt8(at) : undefined;
    case 1:
      return frame.readUInt16LE(at) + 256;
    case 2:
      return frame.readUInt32LE(at);
    default:
      return Number(frame.readBigUInt64LE(at));
  }
}
