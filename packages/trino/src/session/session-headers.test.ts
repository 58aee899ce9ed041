import { expect, test } from '@jest/globals';
import { sessionHeadersProblem } from './session-headers.ts';
import { harmlessHeaderCases, headerProblemCases } from './session-headers-cases.ts';

test.each(headerProblemCases)('%s: %s is answered with 400', (name, value, message) => {
  expect(sessionHeadersProblem(['X-Trino-User', 'u', name, value])).toBe(message);
});

test.each(harmlessHeaderCases)('%s: %.40s is read', (name, value) => {
  expect(sessionHeadersProblem([name, value])).toBeUndefined();
});
