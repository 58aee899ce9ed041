import { expect, test } from '@jest/globals';
import { framingProblem } from './request-head.ts';

const of = (method: string, httpVersion: string, ...codings: string[]) =>
  framingProblem({ method, httpVersion, rawHeaders: codings.flatMap((coding) => ['Transfer-Encoding', coding]) })
    ?.status;

test.each([
  ['chunks', 'POST', '1.1', ['chunked'], undefined],
  ['chunks in other letters', 'PUT', '1.1', [' ChunKed '], undefined],
  ['no coding', 'GET', '1.1', [], undefined],
  ['no coding in HTTP/1.0', 'GET', '1.0', [], undefined],
  ['chunks in a GET', 'GET', '1.1', ['chunked'], 400],
  ['chunks in HTTP/1.0', 'POST', '1.0', ['chunked'], 400],
  ['another coding first', 'POST', '1.1', ['gzip, chunked'], 501],
  ['an empty element', 'POST', '1.1', [', chunked'], 501],
  ['codings on two lines', 'POST', '1.1', ['x', 'chunked'], 501],
  ['HTTP/0.9', 'GET', '0.9', [], 505],
  ['HTTP/2.0 in a request line', 'GET', '2.0', [], 505],
])('%s: %s in HTTP/%s with %j is answered %p', (_, method, version, codings, status) => {
  expect(of(method, version, ...codings)).toBe(status);
});

test('a request of HTTP/2 has its framing from there', () => {
  const request = { method: 'POST', httpVersion: '2.0', rawHeaders: [], stream: {} };
  expect(framingProblem(request)).toBeUndefined();
});
