import { brotliDecompressSync, constants, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';

/** Decompresses a body, or the beginning of one; undefined when it cannot be, or would be longer than allowed. */
export function inflate(
  bytes: Buffer,
  encoding: string,
  { isPart, maxOutputLength }: { isPart: boolean; maxOutputLength: number },
): Buffer | undefined {
  try {
    if (encoding === 'identity' || encoding === '') return bytes;
    const flush = isPart ? { finishFlush: constants.Z_SYNC_FLUSH } : {};
    if (encoding === 'gzip' || encoding === 'x-gzip') return gunzipSync(bytes, { ...flush, maxOutputLength });
    if (encoding === 'deflate') return inflateSync(bytes, { ...flush, maxOutputLength });
    if (encoding === 'br')
      return brotliDecompressSync(bytes, {
        ...(isPart ? { finishFlush: constants.BROTLI_OPERATION_FLUSH } : {}),
        maxOutputLength,
      });
    if (encoding === 'zstd')
      return zstdDecompressSync(bytes, { ...(isPart ? { finishFlush: constants.ZSTD_e_flush } : {}), maxOutputLength });
    return undefined;
  } catch {
    return undefined;
  }
}
