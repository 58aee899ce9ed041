import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { RouteResponseSchema } from '@trino-gateway/api/gateway';
import { readOnce } from './read-once.ts';

const response = (url: string) =>
  create(RouteResponseSchema, { backend: { url }, decision: { setHeaders: { a: 'b' }, addClientTags: ['t'] } });
const bytesOf = (url: string) => toBinary(RouteResponseSchema, response(url));

test('the same bytes are read once, others by themselves', () => {
  const read = readOnce(RouteResponseSchema);
  const first = read(bytesOf('http://a'));
  expect(first).toEqual(response('http://a'));
  expect(read(Buffer.concat([Buffer.from('x'), bytesOf('http://a')]).subarray(1))).toBe(first);
  expect(read(bytesOf('http://b'))).toEqual(response('http://b'));
  expect(() => read(Uint8Array.of(255, 255))).toThrow();
});

test('nobody can change what is shared', () => {
  const { decision, backend } = readOnce(RouteResponseSchema)(bytesOf('http://a'));
  expect(() => Object.assign(backend ?? {}, { url: 'http://evil' })).toThrow(TypeError);
  expect(() => decision?.addClientTags.push('more')).toThrow(TypeError);
  expect(() => Object.assign(decision?.setHeaders ?? {}, { more: '' })).toThrow(TypeError);
});

test('messages that are long, or all different, fill no memory', () => {
  const read = readOnce(RouteResponseSchema);
  const long = bytesOf('x'.repeat(2_000));
  expect(read(long)).not.toBe(read(long));
  const first = read(bytesOf('0'));
  for (let at = 1; at <= 500; at++) read(bytesOf(String(at)));
  expect(read(bytesOf('0'))).not.toBe(first);
});
