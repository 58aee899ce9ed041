import { describe, expect, test } from '@jest/globals';
import { Backend_Forwarding, Group_Strategy } from '@trino-gateway/api/gateway';
import { EXAMPLE } from '../../tests/support/razorpay-example.ts';
import { translate } from './translate.ts';

const { declared, notes } = translate(EXAMPLE, { forwarding: 'proxy', timeZone: 'Europe/Vienna' });
const notesOf = (about: string) => notes.filter((note) => note.about === about).map(({ text }) => text);
const backend = (id: string) => declared.backends.find((one) => one.id === id);
const policy = (id: string) => declared.policies.find((one) => one.id === id);

describe('backends', () => {
  test('address, threshold and the enabled state stay as they were', () => {
    expect(backend('blue')).toMatchObject({
      url: 'http://blue:8080',
      externalUrl: '',
      enabled: true,
      loadThreshold: 40,
      uptimeSchedule: '',
      forwarding: Backend_Forwarding.PROXY,
    });
    expect(backend('off')).toMatchObject({ enabled: false });
    expect(notesOf('backend "blue"')).toEqual([]);
  });

  test('an external_url of its own gets the scheme of the backend', () => {
    expect(backend('green')).toMatchObject({ url: 'https://green:8443', externalUrl: 'https://green.example' });
  });

  test('an uptime schedule comes with the time zone it was read in, and one that cannot be read keeps its backend out', () => {
    expect(backend('night-shift')).toMatchObject({ uptimeSchedule: '* 20-23 * * *', timeZone: 'Europe/Vienna' });
    expect(backend('never')).toMatchObject({ enabled: false, uptimeSchedule: '' });
    expect(notesOf('backend "never"')).toEqual([
      'its uptime schedule "when I say so" could not be read, and never counted as up: it has no schedule here, and is disabled',
    ]);
  });

  test('an id that is not allowed here is changed, also where it is referred to without its case', () => {
    expect(notesOf('backend "night shift"')[0]).toMatch(/^is called "night-shift" here/);
    expect(declared.groups.find(({ id }) => id === 'etl')?.backendIds).toEqual(['night-shift']);
  });

  test('a backend without a valid address is left out, and its group says so', () => {
    expect(backend('broken')).toBeUndefined();
    expect(notesOf('backend "broken"')[0]).toMatch(/^left out: url: expected an http or https URL/);
    expect(notesOf('group "etl"')).toEqual(['loses its member "broken", which is not imported']);
  });

  test('direct forwarding stays possible', () => {
    const direct = translate(EXAMPLE, { forwarding: 'direct', timeZone: '' });
    expect(direct.declared.backends.every(({ forwarding }) => forwarding === Backend_Forwarding.DIRECT)).toBe(true);
    expect(direct.notes.find(({ about }) => about === 'backend "green"')?.text).toBe(
      'clients poll https://green.example; before they polled https://green:8443, the address the cluster wrote',
    );
  });

  test.each([
    ['https://ui.example/path', 'https://ui.example'],
    ['ui.example', 'http://ui.example'],
    ['u:hunter2@ui.example', ''],
    ['::', ''],
    ['', ''],
  ])('external_url %j', (given, expected) => {
    const [blue] = EXAMPLE.backends;
    if (!blue) throw new Error('the example has backends');
    const mapped = translate(
      { backends: [{ ...blue, external_url: given }], groups: [], policies: [] },
      { forwarding: 'proxy', timeZone: '' },
    );
    expect(mapped.declared.backends[0]?.externalUrl).toBe(expected);
    expect(JSON.stringify(mapped.notes)).not.toContain('hunter2');
  });
});

describe('groups', () => {
  test('members come once, strategies by their names', () => {
    expect(declared.groups.map(({ id, strategy, enabled, backendIds }) => [id, strategy, enabled, backendIds])).toEqual(
      [
        ['adhoc', Group_Strategy.ROUND_ROBIN, true, ['blue', 'green']],
        ['etl', Group_Strategy.LEAST_LOAD, true, ['night-shift']],
        ['idle', Group_Strategy.RANDOM, false, ['off', 'never']],
      ],
    );
    expect(notesOf('group "empty"')).toEqual(['left out: it has no backend']);
  });

  test.each(['cheapest', 'constructor', '__proto__'])(
    'a strategy that does not exist here becomes the default one, with a note: %s',
    (strategy) => {
      const [adhoc] = EXAMPLE.groups;
      if (!adhoc) throw new Error('the example has groups');
      const mapped = translate(
        { ...EXAMPLE, groups: [{ ...adhoc, strategy }], policies: [] },
        { forwarding: 'proxy', timeZone: '' },
      );
      expect(mapped.declared.groups[0]?.strategy).toBe(Group_Strategy.LEAST_LOAD);
      expect(mapped.notes).toContainEqual({
        about: 'group "adhoc"',
        text: `its strategy "${strategy}" has no counterpart: it is LEAST_LOAD here`,
      });
    },
  );
});

describe('policies', () => {
  test('authentication and request source keep their effect on rules of ports and get none on others', () => {
    expect(policy('port')).toMatchObject({
      rule: { case: 'listeningPort', value: 8080 },
      authDelegated: true,
      requestSource: 'bi',
    });
    expect(policy('host')).toMatchObject({
      rule: { case: 'host', value: 'BI.example' },
      authDelegated: false,
      requestSource: '',
    });
    expect(notesOf('policy "host"')).toEqual([
      'its host "BI.example:8080" is compared without the port: "BI.example"',
      'is_auth_delegated is left out: it had an effect on listening_port rules only',
      'set_request_source is left out: it had an effect on listening_port rules only',
    ]);
  });

  test('client tags are all required, and a note says what changes', () => {
    expect(policy('tags')?.rule).toMatchObject({ case: 'clientTags', value: { allOf: ['etl', 'nightly'] } });
    expect(notesOf('policy "tags"')).toEqual([
      'matched when the tags were exactly "etl, nightly"; here when these tags are among them, compared with case',
      'its fallback group "adhoc" is in force here; before it was stored and the default group was used',
    ]);
  });

  test('connection properties stay the whole text, and a disabled policy stays disabled', () => {
    expect(policy('properties')).toMatchObject({
      enabled: false,
      rule: { case: 'connectionProperties', value: { exact: 'team=data' } },
    });
  });

  test.each([
    ['no value', /^left out: its rule has no value/],
    ['no-port', /^left out: listening_port: expected 1 to 65535/],
    ['of-empty', /^left out: its group "empty" is not imported/],
    ['unknown', /^left out: its rule type "header_user" has no counterpart/],
  ])('%s', (id, expected) => {
    expect(policy(id)).toBeUndefined();
    expect(notesOf(`policy "${id}"`).at(-1)).toMatch(expected);
  });

  test('the name its table has for the host rule is understood', () => {
    const [, host] = EXAMPLE.policies;
    if (!host) throw new Error('the example has policies');
    const { declared: mapped } = translate(
      { ...EXAMPLE, policies: [{ ...host, rule: { type: 'header_client_host', value: 'x' } }] },
      { forwarding: 'proxy', timeZone: '' },
    );
    expect(mapped.policies[0]?.rule).toEqual({ case: 'host', value: 'x' });
  });
});

test('a note about the whole installation appears once', () => {
  expect(notesOf('').join('\n')).toMatch(/PROXY.*--forwarding direct[\s\S]*gatewayserver\.default_group[\s\S]*history/);
});
