import { describe, expect, test } from '@jest/globals';
import { serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();

describe('groups and policies', () => {
  test('an object that is referred to cannot be deleted, and the answer names what refers to it', async () => {
    await server.ok('GroupService/PutGroup', { group: { id: 'spare', backendIds: ['two'] } });
    await server.ok('PolicyService/PutPolicy', {
      policy: { id: 'refers', listeningPort: 9999, groupId: 'both', fallbackGroupId: 'spare' },
    });
    const refusals = await Promise.all([
      server.post('BackendService/DeleteBackend', { id: 'two' }),
      server.post('GroupService/DeleteGroup', { id: 'both' }),
      server.post('GroupService/DeleteGroup', { id: 'spare' }),
    ]);
    expect(refusals.map(({ body }) => [body.code, body.message])).toEqual([
      ['failed_precondition', 'backend "two" is still used by group "both", group "spare"'],
      ['failed_precondition', 'group "both" is still used by policy "refers"'],
      ['failed_precondition', 'group "spare" is still used by policy "refers"'],
    ]);
    await server.ok('PolicyService/DeletePolicy', { id: 'refers' });
    await server.ok('GroupService/DeleteGroup', { id: 'spare' });
  });

  test('a group may spill over to one that exists, which then cannot be deleted; two may name each other', async () => {
    const put = (group: object) => server.post('GroupService/PutGroup', { group: { backendIds: ['one'], ...group } });
    const messages = await Promise.all([
      put({ id: 'alone', spillOverGroupId: 'nowhere' }),
      put({ id: 'alone', spillOverGroupId: 'alone' }),
    ]);
    expect(messages.map(({ body }) => [body.code, body.message])).toEqual([
      ['invalid_argument', 'group.spill_over_group_id: expected groups that exist, got "nowhere"'],
      ['invalid_argument', 'group.spill_over_group_id: expected another group than this one'],
    ]);
    await put({ id: 'left' });
    await put({ id: 'right', spillOverGroupId: 'left', spillOverAfterMs: 5 });
    await put({ id: 'left', spillOverGroupId: 'right' });
    expect((await server.post('GroupService/DeleteGroup', { id: 'left' })).body).toMatchObject({
      code: 'failed_precondition',
      message: 'group "left" is still used by group "right"',
    });
    await put({ id: 'right' });
    await server.ok('GroupService/DeleteGroup', { id: 'left' });
    await server.ok('GroupService/DeleteGroup', { id: 'right' });
  });

  test('what a group says about its users and its choice is kept', async () => {
    const group = {
      ...{ id: 'all', backendIds: ['one'], strategy: 'AFFINITY', observeLimits: true },
      allowed: { users: ['ann'], userPatterns: ['etl_.*'], sourcePatterns: ['dbt.*'], observe: true },
      affinity: { by: 'SESSION_PROPERTY', sessionProperty: 'hive.bucket', loadFactor: 2 },
    };
    expect(await server.ok('GroupService/PutGroup', { group })).toMatchObject(group);
    expect((await server.get('GroupService/GetGroup', { id: 'all' })).body).toMatchObject(group);
    const bad = { ...group, allowed: { userPatterns: ['(a+)+', '(?=a)'] }, affinity: { loadFactor: 0.5 } };
    expect((await server.post('GroupService/PutGroup', { group: bad })).body.message).toBe(
      'group.allowed.user_patterns[1]: expected a regular expression, got only (?: is understood at character 3; group.affinity.load_factor: expected 1 to 1000, or 0 (meaning 1.25), got 0.5',
    );
    await server.ok('GroupService/DeleteGroup', { id: 'all' });
  });

  test('get, list, enable and disable', async () => {
    expect(await server.ok('GroupService/DisableGroup', { id: 'both' })).toMatchObject({ enabled: false });
    expect(await server.ok('GroupService/EnableGroup', { id: 'both' })).toMatchObject({
      enabled: true,
      strategy: 'LEAST_LOAD',
    });
    expect((await server.get('GroupService/GetGroup', { id: 'both' })).body.backendIds).toEqual(['one', 'two']);
    expect(await server.ok('GroupService/ListGroups')).toMatchObject({ groups: [{ id: 'both' }] });
    await server.ok('PolicyService/PutPolicy', { policy: { id: 'p', host: 'h', groupId: 'both' } });
    expect(await server.ok('PolicyService/DisablePolicy', { id: 'p' })).toMatchObject({ enabled: false });
    expect(await server.ok('PolicyService/EnablePolicy', { id: 'p' })).toMatchObject({ enabled: true });
    expect((await server.get('PolicyService/GetPolicy', { id: 'p' })).body.host).toBe('h');
    expect(await server.ok('PolicyService/ListPolicies')).toMatchObject({ policies: [{ id: 'p' }] });
    await server.ok('PolicyService/DeletePolicy', { id: 'p' });
  });
});
