import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import {
  BackendSchema,
  ClusterScaling_State,
  ClusterScalingSchema,
  Group_AutoscalingSchema,
} from '@trino-gateway/api/gateway';
import { withKeepAlive } from './keep-alive.ts';
import type { Outcome } from './outcome.ts';
import type { Snapshot } from './snapshot.ts';

const waits = { kind: 'waits', groupId: 'xl', authDelegated: false, reasons: [] } as unknown as Outcome;
const autoscaling = create(Group_AutoscalingSchema, { keepAliveStatements: ['SELECT 1'] });
/** A group of clusters in these states; undefined: nothing is recorded of it. */
const snapshot = (...states: (keyof typeof ClusterScaling_State | undefined)[]): Pick<Snapshot, 'group' | 'facts'> =>
  ({
    group: () => ({ backendIds: states.map((_, at) => `${at}`) }),
    facts: (id: string) => {
      const state = states[Number(id)];
      const cluster = state && create(ClusterScalingSchema, { state: ClusterScaling_State[state] });
      return { backend: create(BackendSchema, { id }), scaling: { groupId: 'xl', autoscaling, cluster } };
    },
  }) as unknown as Pick<Snapshot, 'group' | 'facts'>;
const isAnswered = (statement: string, ...states: Parameters<typeof snapshot>) => {
  const outcome = withKeepAlive(waits, statement, snapshot(...states));
  return outcome.kind === 'waits' && outcome.keepAlive === true;
};

test.each<[string, boolean, Parameters<typeof snapshot>]>([
  ['all are stopped', true, ['STOPPED', 'STOPPED']],
  ['they stop, drain, or were taken out', true, ['TERMINATING', 'DRAINING', 'DEACTIVATED']],
  ['nothing is known of them', true, [undefined, 'UNKNOWN']],
  ['one is on its way', false, ['STOPPED', 'STARTING']],
  ['one is up and unhealthy', false, ['UNHEALTHY', 'STOPPED']],
  ['one is up and full', false, ['READY', 'STOPPED']],
  ['the group has no clusters', false, []],
])('a statement of the list is answered while no cluster is up or on its way: %s', (_, expected, states) => {
  expect(isAnswered(' select 1;', ...states)).toBe(expected);
});

test('any other statement waits', () => {
  expect(isAnswered('SELECT 2', 'STOPPED')).toBe(false);
});

test('a query that has a cluster, is refused, or waits out an outage is left as it is', () => {
  for (const more of [{ kind: 'chosen' }, { kind: 'refused' }, { outage: true }]) {
    const outcome = { ...waits, ...more } as Outcome;
    expect(withKeepAlive(outcome, 'SELECT 1', snapshot('STOPPED'))).toBe(outcome);
  }
});
