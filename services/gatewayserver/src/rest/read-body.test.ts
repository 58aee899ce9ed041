import { describe, expect, test } from '@jest/globals';
import { MOST_BODY_BYTES, readBody } from './read-body.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

async function read(headers: Record<string, string>, text: string | Uint8Array, wanted = true): Promise<unknown> {
  const bytes = Buffer.from(text);
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += 1_000_000) yield bytes.subarray(at, at + 1_000_000);
  };
  try {
    return await readBody(new Headers(headers), chunks(), wanted);
  } catch (error) {
    const { status, rawMessage } = error as { status?: number; rawMessage?: string };
    return status ?? rawMessage;
  }
}

describe('a body', () => {
  test.each<[string, Record<string, string>, string | Uint8Array, unknown]>([
    ['of JSON', JSON_TYPE, '{"a": "ä"}', { a: 'ä' }],
    ['of JSON that says it is UTF-8', { 'content-type': 'Application/JSON; charset="UTF-8"' }, '{}', {}],
    ['of nothing', JSON_TYPE, '', undefined],
    ['of nothing and no type', {}, '', undefined],
    ['of no type', {}, '{}', 415],
    ['of a form', { 'content-type': 'application/x-www-form-urlencoded' }, '{}', 415],
    ['of a form of nothing', { 'content-type': 'application/x-www-form-urlencoded' }, '', 415],
    ['of another encoding', { 'content-type': 'application/json; charset=latin1' }, '{}', 415],
    ['of almost JSON', { 'content-type': 'application/jsonp' }, '{}', 415],
    ['that is compressed', { ...JSON_TYPE, 'content-encoding': 'gzip' }, '{}', 415],
    ['that is cut', JSON_TYPE, '{"a": ', 'body: expected JSON'],
    ['that is no UTF-8', JSON_TYPE, new Uint8Array([0x22, 0xff, 0x22]), 'body: expected JSON'],
    ['that is a list', JSON_TYPE, '[]', 'body: expected an object'],
    ['that is null', JSON_TYPE, 'null', 'body: expected an object'],
    ['that is too large', JSON_TYPE, new Uint8Array(MOST_BODY_BYTES + 1), 413],
  ])('%s', async (_, headers, text, expected) => {
    expect(await read(headers, text)).toEqual(expected);
  });

  test('that is not expected may have any type as long as it is empty', async () => {
    expect(await read({ 'content-type': 'text/plain' }, '', false)).toBeUndefined();
    expect(await read({ 'content-type': 'text/plain' }, 'x', false)).toBe(415);
  });
});
