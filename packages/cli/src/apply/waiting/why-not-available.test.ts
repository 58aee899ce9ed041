import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { BackendSchema, GroupSchema, ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import { whyNotAvailable } from './why-not-available.ts';

type BackendInit = Exclude<MessageInitShape<typeof BackendSchema>, { $typeName: string }>;
const backend = (more: BackendInit) => create(BackendSchema, { id: 'b', enabled: true, ...more });
const group = (more: object = {}) => create(GroupSchema, { id: 'g', enabled: true, backendIds: ['b'], ...more });
const why = (now: BackendInit, groupNow: object = {}) =>
  whyNotAvailable(
    { backends: [backend({})], groups: [group()], policies: [] },
    { backends: [backend(now)], groups: [group(groupNow)] },
  );
const stopped = { condition: { scaling: { state: State.STOPPED } } };

test.each<[string, BackendInit, object, string[]]>([
  ['available', { condition: { available: true } }, {}, []],
  ['never probed', {}, {}, ['backend "b" is not available: not probed yet', 'group "g" has no available backend']],
  [
    'unhealthy',
    { condition: { reasons: ['it does not answer', 'it drains'] } },
    {},
    ['backend "b" is not available: it does not answer; it drains', 'group "g" has no available backend'],
  ],
  ['disabled: only its group misses it', { enabled: false }, {}, ['group "g" has no available backend']],
  ['both disabled', { enabled: false }, { enabled: false }, []],
  ['stopped by autoscaling', stopped, { autoscaling: {} }, []],
  ['stopped, in a group without autoscaling', stopped, {}, ['group "g" has no available backend']],
  [
    'another member is there',
    { enabled: false },
    { backendIds: ['b', 'gone'] },
    ['group "g" has no available backend'],
  ],
])('what is waited for: %s', (_, now, groupNow, expected) => {
  expect(why(now, groupNow)).toEqual(expected);
});

test('what somebody deleted meanwhile is told', () => {
  const declared = { backends: [backend({})], groups: [group()], policies: [] };
  expect(whyNotAvailable(declared, { backends: [], groups: [] })).toEqual([
    'backend "b" is not available: it is gone',
    'group "g" is gone',
  ]);
});
