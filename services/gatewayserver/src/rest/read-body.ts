import type { JsonObject } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { isDeepJson, MOST_JSON_DEPTH } from '@trino-gateway/json';
import { readBytes } from '@trino-gateway/runtime';
import { invalid } from '../configuration/validation.ts';
import { isJsonObject } from '../http/is-json-object.ts';

/** The largest body a REST request may have. */
export const MOST_BODY_BYTES = 16 * 1024 * 1024;

/** A body that is refused with an HTTP status that no Connect code stands for. */
export class BodyRefusal extends Error {
  readonly status: number;
  readonly code: Code;

  constructor(status: number, message: string, code: Code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * Reads a body of JSON; undefined when it is empty.
 * @param isExpected whether the call has a body: then its type is checked even when it is empty
 * @throws BodyRefusal 415 when it is of another type, 413 when it is too large
 * @throws ConnectError INVALID_ARGUMENT when it is no JSON object
 */
export async function readBody(
  header: Headers,
  body: AsyncIterable<Uint8Array>,
  isExpected: boolean,
): Promise<JsonObject | undefined> {
  if (isExpected && header.has('content-type')) requireJson(header);
  const bytes = await readBytes(body, MOST_BODY_BYTES);
  if (bytes === undefined)
    throw new BodyRefusal(413, `body: expected at most ${MOST_BODY_BYTES} bytes`, Code.ResourceExhausted);
  if (bytes.length === 0) return undefined;
  requireJson(header);
  return parsedObject(bytes);
}

function requireJson(header: Headers): void {
  const encoding = header.get('content-encoding') ?? 'identity';
  const type = header.get('content-type') ?? '';
  const isJson = /^application\/json *(; *charset *= *"?utf-?8"? *)?$/i.test(type);
  if (!isJson) throw unsupported('content-type: expected application/json in UTF-8', type);
  if (encoding !== 'identity') throw unsupported('content-encoding: expected none, the body as it is', encoding);
}

function unsupported(expected: string, given: string): BodyRefusal {
  const got = given === '' ? 'none' : JSON.stringify(given.slice(0, 100));
  return new BodyRefusal(415, `${expected}, got ${got}`, Code.InvalidArgument);
}

function parsedObject(bytes: Buffer): JsonObject {
  let json: unknown;
  if (isDeepJson(bytes)) throw invalid('body', `expected JSON nested at most ${MOST_JSON_DEPTH} deep`);
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid('body', 'expected JSON');
  }
  if (!isJsonObject(json)) throw invalid('body', 'expected an object');
  return json;
}
