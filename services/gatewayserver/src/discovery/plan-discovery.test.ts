import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  Backend_DiscoverySchema,
  BackendSchema,
  type DiscoverySource,
  DiscoverySourceSchema,
  type Group,
  GroupSchema,
} from '@trino-gateway/api/gateway';
import { storableBackend } from '../configuration/stored-objects.ts';
import type { StoredBackend } from '../storage/contract/configuration.ts';
import { type DiscoveryState, isEmptyPlan, planDiscovery } from './plan-discovery.ts';

type BackendInit = Exclude<MessageInitShape<typeof BackendSchema>, { $typeName: string }>;
const NS = 'Service ns';

/** An object of a Service: its backend, or what is wrong with it. */
const found = (id: string, more: BackendInit = {}, groupIds: string[] = ['g'], problem = '') => ({
  object: `${NS}/${id}`,
  source: NS,
  backendId: id,
  ...(problem === '' && { backend: { id, url: `http://${id}.ns.svc:8080`, ...more } }),
  groupIds,
  problem,
});
const source = (objects: object[], more: object = {}): DiscoverySource =>
  create(DiscoverySourceSchema, { name: NS, listed: true, objects, ...more });

type Stored = {
  managedBy?: string;
  draining?: boolean;
  enabled?: boolean;
  leaving?: boolean;
  source?: string;
  object?: string;
} & BackendInit;
function stored(
  id: string,
  { draining = false, enabled = true, leaving = false, ...more }: Stored = {},
): StoredBackend {
  const { managedBy = 'kubernetes', source: from = NS, object = `${NS}/${id}`, ...backend } = more;
  const wanted = storableBackend(create(BackendSchema, { id, url: `http://${id}.ns.svc:8080`, ...backend }), managedBy);
  const gone = leaving && { leavingSince: timestampFromMs(1_000), problem: 'its object is gone: it is drained' };
  const discovery = create(Backend_DiscoverySchema, { object, source: from, ...gone });
  return { backend: { ...wanted, enabled, ...(managedBy === 'kubernetes' && { discovery }) }, draining };
}

type Around = {
  backends?: StoredBackend[];
  groups?: Group[];
  before?: DiscoverySource[];
  users?: string[];
  tie?: string;
};
function plan(declared: DiscoverySource[], { backends = [], groups = [], before = [], users = [], tie }: Around = {}) {
  const state: DiscoveryState = {
    ...{ backends, groups, sources: before, now: 5_000 },
    members: new Map(groups.map(({ id, discoveredBackendIds }) => [id, discoveredBackendIds])),
    referrers: () => users,
    tied: () => tie,
  };
  return planDiscovery(declared, state);
}
const group = (discoveredBackendIds: string[], managedBy = 'kubernetes') =>
  create(GroupSchema, {
    id: 'g',
    managedBy,
    backendIds: discoveredBackendIds,
    discoveredBackendIds,
    membersByDiscovery: true,
  });
const idsOf = (backends: { id: string }[]) => backends.map(({ id }) => id);

describe('an object that is there', () => {
  test('becomes a backend, and a member of a group that is made for it', () => {
    const { backends, newGroups, members, drain, deleteBackends } = plan([source([found('a', { weight: 3 })])]);
    expect(backends).toMatchObject([
      {
        id: 'a',
        url: 'http://a.ns.svc:8080',
        weight: 3,
        managedBy: 'kubernetes',
        discovery: { object: `${NS}/a`, source: NS },
      },
    ]);
    expect(newGroups).toMatchObject([{ id: 'g', managedBy: 'kubernetes', backendIds: [], membersByDiscovery: true }]);
    expect(members).toEqual(new Map([['a', ['g']]]));
    expect([drain, deleteBackends]).toEqual([[], []]);
  });

  test('a second time nothing is written', () => {
    const now = source([found('a')]);
    expect(isEmptyPlan(plan([now], { backends: [stored('a')], groups: [group(['a'])], before: [now] }))).toBe(true);
  });

  test('an existing group gets the member, and is left as it is', () => {
    const { newGroups, members } = plan([source([found('a')])], {
      groups: [create(GroupSchema, { id: 'g', backendIds: ['x'] })],
    });
    expect([newGroups, members]).toEqual([[], new Map([['a', ['g']]])]);
  });

  test('a change is written, and an administrator’s disable stays', () => {
    const disabled = stored('a', { enabled: false });
    const { backends } = plan([source([found('a', { weight: 9 })])], { backends: [disabled], groups: [group(['a'])] });
    expect(backends).toMatchObject([{ id: 'a', weight: 9 }]);
    expect(backends[0]?.enabled).toBeUndefined();
    expect(idsOf(plan([source([found('a')])], { backends: [disabled] }).backends)).toEqual([]);
  });

  test('moving to another group takes it out of the first, which goes where it was made by discovery', () => {
    const moved = plan([source([found('a', {}, ['h'])])], { backends: [stored('a')], groups: [group(['a'])] });
    expect(moved.members).toEqual(new Map([['a', ['h']]]));
    expect([idsOf(moved.newGroups), moved.deleteGroups]).toEqual([['h'], ['g']]);
    const kept = plan([source([found('a', {}, ['h'])])], { backends: [stored('a')], groups: [group(['a'], '')] });
    expect(kept.deleteGroups).toEqual([]);
  });

  test('that comes back while it leaves is taken back; what an administrator drained stays drained', () => {
    const back = (more: object) =>
      plan([source([found('a')])], { backends: [stored('a', more)], groups: [group(['a'])] });
    expect(back({ draining: true, leaving: true })).toMatchObject({ enable: ['a'], backends: [{ id: 'a' }] });
    expect(back({ draining: true })).toMatchObject({ enable: [], backends: [] });
  });
});

describe('an object that is gone', () => {
  const gone = (more: Stored = {}, around: Around = {}) =>
    plan([source([])], { backends: [stored('a', more)], groups: [group(['a'])], ...around });

  test('is drained first, and nothing is deleted', () => {
    expect(gone()).toMatchObject({
      drain: ['a'],
      deleteBackends: [],
      deleteGroups: [],
      backends: [{ discovery: { leavingSince: timestampFromMs(5_000), problem: 'its object is gone: it is drained' } }],
    });
  });

  test('is deleted when nothing ties it, with the group that was made for it', () => {
    expect(gone({ leaving: true, draining: true })).toMatchObject({
      deleteBackends: ['a'],
      deleteGroups: ['g'],
      drain: [],
    });
  });

  test.each<[string, Around, string]>([
    ['queries still run', { tie: 'its queries still run' }, 'its object is gone: its queries still run'],
    [
      'a group of an administrator has it',
      { users: ['group "x"'] },
      'its object is gone: it is still used by group "x"',
    ],
  ])('stays while %s, and says so', (_, around, problem) => {
    const { deleteBackends, backends } = gone({ leaving: true, draining: true }, around);
    expect([deleteBackends, backends[0]?.discovery?.problem]).toEqual([[], problem]);
  });

  test('of a namespace that is watched no longer leaves too', () => {
    const other = source([], { name: 'Service other' });
    const { drain, deleteSources } = plan([other], { backends: [stored('a')], before: [source([found('a')])] });
    expect([drain, deleteSources]).toEqual([['a'], [NS]]);
  });
});

describe('what cannot be listed', () => {
  const held = source([], { listed: false, problem: 'the API server does not answer' });

  test('changes nothing, and says so', () => {
    const before = [source([found('a')])];
    const { sources, ...rest } = plan([held], { backends: [stored('a')], groups: [group(['a'])], before });
    expect(isEmptyPlan({ ...rest, sources: [] })).toBe(true);
    expect(sources).toMatchObject([
      { listed: false, problem: 'the API server does not answer', objects: [{ backendId: 'a' }] },
    ]);
  });

  test('what leaves already stays as it is, and its group', () => {
    const { sources: _, ...rest } = plan([held], {
      backends: [stored('a', { leaving: true, draining: true })],
      groups: [group(['a']), group([])],
    });
    expect(isEmptyPlan({ ...rest, sources: [] })).toBe(true);
  });

  test('no other object takes its id', () => {
    const elsewhere = { ...found('a'), object: 'Service b/a', source: 'Service b' };
    const { backends, sources } = plan(
      [held, create(DiscoverySourceSchema, { name: 'Service b', listed: true, objects: [elsewhere] })],
      {
        backends: [stored('a')],
      },
    );
    expect(backends).toEqual([]);
    expect(sources[1]?.objects[0]?.problem).toBe(`backend "a" is that of ${NS}/a, which cannot be looked at now`);
  });
});

describe('an object that is wrong', () => {
  test('leaves the last good backend as it was, and says so at both places', () => {
    const { backends, drain, deleteBackends, sources } = plan(
      [source([found('a', {}, [], 'weight: expected a number')])],
      {
        backends: [stored('a', { weight: 5 })],
        groups: [group(['a'])],
      },
    );
    expect([drain, deleteBackends]).toEqual([[], []]);
    expect(backends).toMatchObject([{ id: 'a', weight: 5, discovery: { problem: 'weight: expected a number' } }]);
    expect(sources[0]?.objects[0]?.problem).toBe('weight: expected a number');
  });

  test.each<[string, ReturnType<typeof found>, string]>([
    ['a bad value', found('a', { weight: -1 }), 'weight: expected 0 (meaning 1) to 1000000, got -1'],
    ['a bad URL', found('a', { url: 'nowhere' }), 'url: expected an http or https URL'],
    ['a bad group', found('a', {}, ['no id']), 'group: expected ids'],
    ['a bad id', found('a/b'), 'id: expected 1 to 128 letters'],
  ])('was never there: %s', (_, object, problem) => {
    const { backends, newGroups, sources } = plan([source([object])]);
    expect([backends, newGroups]).toEqual([[], []]);
    expect(sources[0]?.objects[0]?.problem).toContain(problem);
  });
});

describe('an id that is taken', () => {
  test.each([
    ['file', 'backend "a" is declared in the configuration file, which wins'],
    ['', 'backend "a" was put by an administrator, which wins'],
  ])('by what is managed by "%s": that wins, and discovery says so', (managedBy, problem) => {
    const { backends, members, sources } = plan([source([found('a')])], { backends: [stored('a', { managedBy })] });
    expect([backends, members]).toEqual([[], new Map()]);
    expect(sources[0]?.objects[0]?.problem).toBe(problem);
  });

  test('by a file that took it over: it is no discovered member any more', () => {
    const { members } = plan([source([found('a')])], {
      backends: [stored('a', { managedBy: 'file' })],
      groups: [group(['a'])],
    });
    expect(members).toEqual(new Map([['a', []]]));
  });

  test('by another object: the first wins', () => {
    const { backends, sources } = plan([
      source([found('a', { weight: 1 }), { ...found('a', { weight: 2 }), object: `${NS}/z` }]),
    ]);
    expect(backends).toMatchObject([{ weight: 1 }]);
    expect(sources[0]?.objects.map(({ problem }) => problem)).toEqual(['', `backend "a" is another object's`]);
  });

  test('what its scaler starts is another one’s, or it would go by the demand of two groups', () => {
    const scaler = { kind: { case: 'stackable' as const, value: { namespace: 'ns', name: 'x' } } };
    const groups = ['g', 'h'].map((id) => create(GroupSchema, { id, autoscaling: {} }));
    const objects = [found('a', { scaler }, ['g', 'h']), found('b', { scaler }, []), found('c', { scaler }, [])];
    const { backends, sources } = plan([source(objects)], { groups });
    expect(idsOf(backends)).toEqual(['b']);
    expect(sources[0]?.objects.map(({ problem }) => problem)).toEqual([
      'group: expected one group with autoscaling, got "g", "h"',
      '',
      'scaler: expected what no other backend is scaled by, got that of "b"',
    ]);
  });

  test('by an object that is gone: the one that is there takes it over', () => {
    const { backends, drain } = plan([source([{ ...found('a'), object: `${NS}/new` }])], {
      backends: [stored('a')],
      groups: [group(['a'])],
    });
    expect([drain, backends]).toMatchObject([[], [{ id: 'a', discovery: { object: `${NS}/new` } }]]);
  });
});
