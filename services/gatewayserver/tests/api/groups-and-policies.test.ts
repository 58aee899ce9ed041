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
