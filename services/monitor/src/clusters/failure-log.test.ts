import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { createFailureLog } from './failure-log.ts';

test('a failure is logged once for each backend until it succeeds again, without what it quotes', () => {
  const lines: unknown[] = [];
  const log = createFailureLog('it fails', { ...silentLogger, warn: (...line) => void lines.push(line) });
  log.failed('a', "Access Denied to 'a secret'");
  log.failed('a', 'timeout');
  log.failed('b', 'timeout');
  expect(lines).toEqual([
    ['it fails', { backend: 'a', error: 'Access Denied to …' }],
    ['it fails', { backend: 'b', error: 'timeout' }],
  ]);
  log.clear('a');
  log.failed('a', 'timeout');
  expect(lines).toHaveLength(3);
});
