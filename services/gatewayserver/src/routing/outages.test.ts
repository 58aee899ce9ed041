import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { BackendOverrideSchema, BackendSchema, BackendStatusSchema } from '@trino-gateway/api/gateway';
import { decided, NOW, policy, snapshotOf } from '../../tests/support/routing-snapshot.ts';
import { isOut } from './availability/availability.ts';

const groups = { g: ['a'], other: ['b'], 'off!': ['a'] };
const outageOf = (given: Partial<Parameters<typeof snapshotOf>[0]>, around: Parameters<typeof decided>[1] = {}) => {
  const policies = [policy('p', 'g')];
  const outcome = decided(snapshotOf({ up: [], down: ['a', 'b'], groups, policies, ...given }), around);
  return outcome.kind === 'refused' ? (outcome.outage?.groupId ?? 'none') : outcome.kind;
};

test.each<[string, string, Partial<Parameters<typeof snapshotOf>[0]>, Parameters<typeof decided>[1]]>([
  ['none of its backends passes its probes', 'g', {}, {}],
  ['its only backend has just failed for the query', 'g', { up: ['a'], down: ['b'] }, { excluded: new Set(['a']) }],
  [
    'a fallback group is up: it goes there at once',
    'chosen',
    { up: ['b'], down: ['a'], policies: [policy('p', 'g', { fallbackGroupId: 'other' })] },
    {},
  ],
  ['it is disabled: that is no outage', 'none', { policies: [policy('p', 'off')] }, {}],
  ['it does not exist', 'none', { policies: [policy('p', 'gone')] }, {}],
  ['it has no backends', 'none', { groups: { g: [] } }, {}],
])('a query of a group whose backends are out may wait for a moment: %s', (_, expected, given, around) => {
  expect(outageOf(given, around)).toBe(expected);
});

const status = (healthy: boolean) => create(BackendStatusSchema, { healthy, observedAt: timestampFromMs(NOW - 5) });
const marked = create(BackendOverrideSchema, { healthy: false, healthyUntil: timestampFromMs(NOW + 1_000) });
test.each([
  ['it fails its probes', true, { status: status(false) }],
  ['it was not probed yet', true, {}],
  ['it is available', false, { status: status(true) }],
  ['an operator marked it', false, { status: status(false), override: marked }],
  ['it is drained', false, { status: status(false), draining: true }],
  ['it is disabled', false, { status: status(false), enabled: false }],
])(
  'a backend is out when nobody took it out: %s',
  (_, expected, { enabled = true, ...given }: Record<string, unknown>) => {
    const backend = create(BackendSchema, { id: 'a', enabled: enabled as boolean });
    const facts = { backend, draining: false, status: undefined, schedule: undefined, override: undefined, ...given };
    expect(isOut(facts, NOW, 60_000)).toBe(expected);
  },
);
