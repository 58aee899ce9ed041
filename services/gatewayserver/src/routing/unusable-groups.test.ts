import { describe, expect, test } from '@jest/globals';
import { decided, policy, snapshotOf } from '../../tests/support/routing-snapshot.ts';

describe('a group that cannot take queries keeps its policies, and no query gets around it', () => {
  const bySource = { requestSource: 'of-p', authDelegated: true };
  const groups = { 'off!': ['x'], empty: [], d: ['y'], f: ['y'], 'off-too!': ['y'] };
  const to = (groupId: string, fallbackGroupId = '') =>
    decided(
      snapshotOf({ up: ['x', 'y'], groups, policies: [policy('p', groupId, { fallbackGroupId, ...bySource })] }),
      { defaultGroupId: 'd' },
    );

  test.each([
    ['disabled', 'off', '', 'group off is disabled'],
    ['deleted', 'gone', '', 'group gone does not exist'],
    ['without backends', 'empty', '', 'group empty has no backends'],
    ['disabled, and its fallback too', 'off', 'off-too', 'group off is disabled; group off-too is disabled'],
    ['disabled, and its fallback deleted', 'off', 'gone', 'group off is disabled; group gone does not exist'],
  ])('%s: the query is refused and the reason names the group', (_, groupId, fallbackGroupId, why) => {
    const outcome = to(groupId, fallbackGroupId);
    expect(outcome).toMatchObject({
      kind: 'refused',
      errorName: 'NO_NODES_AVAILABLE',
      message: `No cluster is available for this query: ${why}`,
      authDelegated: true,
    });
    expect(outcome.reasons.map(({ text }) => text).join('; ')).toContain(why);
  });

  test.each(['off', 'gone', 'empty'])('the fallback group of its policy, with what the policy says (%s)', (groupId) => {
    expect(to(groupId, 'f')).toMatchObject({
      kind: 'chosen',
      groupId: 'f',
      decidedBy: 'fallback of policy p',
      requestSource: 'of-p',
      authDelegated: true,
    });
  });

  test('a disabled group narrows other policies down as an enabled one does', () => {
    const host = { rule: { case: 'host', value: 'gw' } } as const;
    const policies = [policy('p', 'off'), policy('h', 'd', host)];
    expect(decided(snapshotOf({ up: ['x', 'y'], groups, policies }), { defaultGroupId: 'd' }).kind).toBe('refused');
    const both = [...policies, policy('h2', 'off', { ...host, requestSource: 'two' })];
    const outcome = decided(snapshotOf({ up: ['x', 'y'], groups, policies: both }), { defaultGroupId: 'd' });
    expect(outcome.kind === 'refused' && outcome.message).toContain('group off is disabled');
  });
});
