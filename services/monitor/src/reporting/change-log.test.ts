import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { BackendStatusSchema, BackendStatus_State as State } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { createChangeLog } from './change-log.ts';

/** A log of changes with its lines: level, state and reason. */
function testLog(mayBeAway: () => boolean) {
  const lines: unknown[] = [];
  const keep = (level: string) => (_message: string, fields?: Record<string, unknown>) =>
    void lines.push([level, fields?.state, fields?.reason]);
  const log = createChangeLog(mayBeAway, { ...silentLogger, info: keep('info'), warn: keep('warn') });
  return {
    lines,
    assessed: (state: State, changed: boolean, reason = '') =>
      log.assessed('one', {
        status: create(BackendStatusSchema, { backendId: 'one', state, healthy: state === State.UP, reason }),
        changed,
        nextProbeInMs: 0,
        contradictions: 0,
        uptimeMs: undefined,
        probationUntil: 0,
      }),
  };
}

test('changes are logged, those that need an operator as warnings', () => {
  const { lines, assessed } = testLog(() => false);
  assessed(State.UP, true);
  assessed(State.UP, false);
  assessed(State.FAILING, true, "no such table 'x'");
  assessed(State.STARTING, true);
  expect(lines).toEqual([
    ['info', 'UP', undefined],
    ['warn', 'FAILING', 'no such table …'],
    ['info', 'STARTING', undefined],
  ]);
});

test('a failure of a cluster that may be away is logged once when it should be there', () => {
  let isOutside = true;
  const { lines, assessed } = testLog(() => isOutside);
  assessed(State.UNREACHABLE, true);
  assessed(State.UNREACHABLE, false);
  expect(lines).toEqual([]);
  isOutside = false;
  assessed(State.UNREACHABLE, false);
  assessed(State.UNREACHABLE, false);
  expect(lines).toEqual([['warn', 'UNREACHABLE', undefined]]);
});
