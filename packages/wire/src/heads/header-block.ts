import { isHost } from '../grammar/host.ts';

/** The lines of a request head, and what they say of the request and its connection. */
export type HeaderBlock = {
  /** Name and value in turn, as `rawHeaders` of `node:http`: Latin-1, without whitespace around values, repeated lines apart. */
  rawHeaders: readonly string[];
  /** Undefined: no length is given, so there is no body (RFC 9112, 6.3). */
  contentLength: number | undefined;
  /** Whether another request may follow on the connection (RFC 9112, 9.3). */
  keepsAlive: boolean;
};

/** Values: digits only, and few enough to be a number exactly. */
const lengthDigits = /^[0-9]{1,15}$/;

/** What a line may mean for framing. */
export type FramingLines = {
  host: string | undefined;
  contentLength: number | undefined;
  isChunked: boolean;
  keepsAlive: boolean;
};

/**
 * Where another reader could see another end of the message, or another connection: names that may not occur at all. Host,
 * Content-Length, Connection and Transfer-Encoding may, once.
 */
const inNoHead: readonly string[] = ['te', 'trailer', 'upgrade', 'proxy-connection'];
const inNoRequest: ReadonlySet<string> = new Set([...inNoHead, 'expect', 'keep-alive', 'proxy-authorization']);
const inNoResponse: ReadonlySet<string> = new Set([...inNoHead, 'proxy-authenticate']);

/** Reads what the lines say of framing; undefined when that is not said once and in the plainest form. */
export function readFramingLines(rawHeaders: readonly string[], of: 'request' | 'response'): FramingLines | undefined {
  const never = of === 'request' ? inNoRequest : inNoResponse;
  let host: string | undefined;
  let length: string | undefined;
  let coding: string | undefined;
  let connection: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    const value = rawHeaders[at + 1] as string;
    if (never.has(name)) return undefined;
    if (name === 'host') {
      if (host !== undefined) return undefined;
      host = value;
    } else if (name === 'content-length') {
      if (length !== undefined) return undefined;
      length = value;
    } else if (name === 'transfer-encoding') {
      if (coding !== undefined) return undefined;
      coding = value.toLowerCase();
    } else if (name === 'connection') {
      if (connection !== undefined) return undefined;
      connection = value.toLowerCase();
    }
  }
  if (length !== undefined && (coding !== undefined || !lengthDigits.test(length))) return undefined;
  if (coding !== undefined && coding !== 'chunked') return undefined;
  if (connection !== undefined && connection !== 'keep-alive' && connection !== 'close') return undefined;
  return {
    host,
    contentLength: length === undefined ? undefined : Number(length),
    isChunked: coding !== undefined,
    keepsAlive: connection !== 'close',
  };
}

/** The lines of a request; undefined when they are not those of a usual one. */
export function readHeaderBlock(rawHeaders: readonly string[]): HeaderBlock | undefined {
  const lines = readFramingLines(rawHeaders, 'request');
  if (lines === undefined || lines.isChunked || lines.host === undefined || !isHost(lines.host)) return undefined;
  return { rawHeaders, contentLength: lines.contentLength, keepsAlive: lines.keepsAlive };
}
