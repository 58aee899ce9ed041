import { describe, expect, test } from '@jest/globals';
import { readSessionDuration } from '../durations/session-duration.ts';
import { timeLimitProblem, waitLimit, withTimeLeft } from './time-limits.ts';

const session = (text: string) => ['X-Trino-User', 'u', 'X-Trino-Session', text];

describe('a duration is read as Trino reads it', () => {
  test.each<[string, number, string]>([
    ['5s', 5_000, '5.00s'],
    [' 5 s ', 5_000, '5.00s'],
    ['5\ns', 5_000, '5.00s'],
    ['1.5m', 90_000, '1.50m'],
    ['2h', 7_200_000, '2.00h'],
    ['100d', 8_640_000_000, '100.00d'],
    ['1500ms', 1_500, '1500.00ms'],
    ['5us', 0.005, '5.00us'],
    ['0s', 0, '0.00s'],
    ['.5s', 500, '0.50s'],
    ['1e3s', 1_000_000, '1000.00s'],
  ])('%j', (text, ms, shown) => {
    expect(readSessionDuration(text)).toEqual({ kind: 'duration', ms: expect.closeTo(ms), text: shown });
  });

  test.each<[string, string]>([
    ['', 'duration is empty'],
    ['5', 'duration is not a valid data duration string: 5'],
    ['5.0', 'duration is not a valid data duration string: 5.0'],
    ['-1s', 'duration is not a valid data duration string: -1s'],
    ['5S', 'Unknown time unit: S'],
    ['5 seconds', 'Unknown time unit: seconds'],
  ])('%j is refused in the words of Trino', (text, message) => {
    expect(readSessionDuration(text)).toEqual({ kind: 'invalid', message });
  });

  test.each(['-0s', '5.5.5s', 'null', '0x5s', '\u00a05s', '٥m', '5 5s', `${'9'.repeat(1_000_000)}s`])(
    'of %.20j the cluster says what it thinks',
    (text) => {
      const read = readSessionDuration(text);
      expect(read === undefined || (read.kind === 'duration' && read.ms === 0)).toBe(true);
    },
  );
});

test('of two limits the earlier ends the wait', () => {
  expect(waitLimit(session('a=1'))).toBeUndefined();
  expect(waitLimit(session('query_max_run_time=5s'))).toEqual({
    kind: 'run',
    ms: 5_000,
    message: 'Query exceeded maximum time limit of 5.00s',
  });
  const queued = { kind: 'queued', ms: 3_000, message: 'Query exceeded maximum queued time limit of 3.00s' };
  expect(waitLimit(session('query_max_run_time=5s,query_max_queued_time=3s'))).toEqual(queued);
  expect(waitLimit(session('query_max_queued_time=3s'))).toEqual(queued);
  expect(waitLimit(session('query_max_run_time=1s,query_max_queued_time=3s'))?.ms).toBe(1_000);
});

test('planning and execution have not begun: their limits do not run while a query waits', () => {
  expect(waitLimit(session('query_max_execution_time=1s,query_max_planning_time=1s'))).toBeUndefined();
});

describe('a cluster gets what is left', () => {
  test.each<[string, number, string | undefined]>([
    ['query_max_run_time=5s', 1_800, 'query_max_run_time=3.200s'],
    [' a=%41, query_max_run_time=1m ,b=2', 30_000, ' a=%41, query_max_run_time=30.000s ,b=2'],
    ['query_max_run_time=1h,query_max_run_time=5s', 2_000, 'query_max_run_time=1h,query_max_run_time=3.000s'],
    // The last millisecond is for the cluster to end.
    ['query_max_run_time=5s', 9_000, 'query_max_run_time=0.001s'],
    // Of a query that did not wait nothing is touched.
    ['query_max_run_time=5s', 3, 'query_max_run_time=5s'],
    ['query_max_run_time=5x', 9_000, 'query_max_run_time=5x'],
    ['query_max_execution_time=5s', 9_000, 'query_max_execution_time=5s'],
    ['a=1,query_max_queued_time=5s', 3, 'a=1'],
    ['query_max_queued_time=5s', 3, undefined],
    ['query_max_queued_time=5x', 3, 'query_max_queued_time=5x'],
  ])('of %j after %d ms', (sent, elapsedMs, left) => {
    expect(withTimeLeft(session(sent), elapsedMs)).toEqual(left === undefined ? ['X-Trino-User', 'u'] : session(left));
  });
});

test('a limit that every Trino refuses is known before the query waits', () => {
  expect(timeLimitProblem(session('query_max_run_time=5s'))).toBeUndefined();
  expect(timeLimitProblem(session('query_max_run_time=5.5.5s'))).toBeUndefined();
  for (const name of ['run', 'execution', 'planning', 'cpu', 'queued'])
    expect(timeLimitProblem(session(`query_max_${name}_time=5x`))).toBe(
      `Session property 'query_max_${name}_time' is invalid: Unknown time unit: x`,
    );
});
