import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import { runCommand } from './support/command-line.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startGatewayserver({
    file: 'backends: [{ id: a, url: "http://a" }]\ngroups: [{ id: adhoc, backend_ids: [a] }, { id: etl, backend_ids: [a] }]',
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const run = (argv: string[], file = '') =>
  runCommand(argv, { env: { TRINO_GATEWAY_URL: server.url }, files: { '-': file } });
const chain = (...rest: string[]) => run(['routing-chain', ...rest]);
const apply = (file: string, ...rest: string[]) => run(['routing-chain', 'apply', '-f', '-', ...rest], file);

const FILE = `routing_chain:
  fallback_group: adhoc
  steps:
    - id: nightly
      client_tags: { any_of: [nightly], group_id: etl }
    - id: outside
      external: { url: "http://router.example/route", token: hunter2 }
`;

test('get prints the chain that holds while none is stored, as apply takes it', async () => {
  const { code, out } = await chain('get');
  expect([code, out]).toEqual([0, 'routing_chain:\n  steps:\n    - id: policies\n      policies: {}\n  version: 0']);
});

describe('the chain', () => {
  test('is changed by a file, alone or with other objects; the second time nothing changes', async () => {
    const dry = await apply(FILE, '--dry-run');
    expect([dry.code, dry.err, dry.out.split('\n')[0]]).toEqual([0, '', 'routing chain would be created']);
    expect(dry.out).toContain('steps[outside].external.token: "********"');
    expect((await apply(FILE)).out).toBe('routing chain created');
    expect((await apply(FILE)).out).toBe('routing chain unchanged');
    const both = `groups: [{ id: new, backend_ids: [a] }]\n${FILE.replace('group_id: etl', 'group_id: new')}`;
    expect((await run(['apply', '-f', '-'], both)).out).toBe('group "new" created\nrouting chain changed');
    expect(await apply(both)).toMatchObject({ code: 2, err: '-: holds other objects, too: use trino-gateway apply' });
    expect(await apply('groups: [{ id: x, backend_ids: [a] }]')).toMatchObject({
      code: 2,
      err: '-: holds no routing_chain',
    });
  });

  test.each(['table', 'yaml', 'json'])(
    'that get prints as %s is taken by apply, with its secrets unseen and kept',
    async (format) => {
      const { out } = await chain('get', '-o', format);
      expect(out).toContain('********');
      expect(out).not.toContain('hunter2');
      expect(await apply(out)).toEqual({ code: 0, out: 'routing chain unchanged', err: '' });
    },
  );

  test('of a second editor is not stored: the message says which version stands', async () => {
    const { out: read } = await chain('get');
    expect((await apply(read.replace('group_id: new', 'group_id: etl'))).out).toBe('routing chain changed');
    const late = await apply(read.replace('fallback_group: adhoc', 'fallback_group: etl'));
    expect([late.code, late.err]).toEqual([
      1,
      expect.stringMatching(/^routing chain: .*at version 3 by now, not at 2 as/),
    ]);
  });

  test('with mistakes is not stored: step, rule and place are named', async () => {
    const bad = `${FILE}    - id: rules\n      rules: { rules: [{ id: raw, when: "user ==", group_id: etl }, { id: next, when: "true", group_id: ghost }] }\n`;
    const { code, err } = await apply(bad);
    expect(code).toBe(1);
    expect(err).toMatch(/chain\.steps\[2\]\.rules\.rules\[0\]\.when: .*line 1.* \(step "rules", rule "raw"\)/);
    expect(err).toMatch(
      /rules\[1\]\.group_id: expected a group that exists, got "ghost" \(step "rules", rule "next"\)/,
    );
  });
});

test('versions, diff and roll-back', async () => {
  const { out } = await chain('versions');
  expect(out).toMatch(/^VERSION +STORED +BY +STEPS +REPEATS *\n3 +\S+Z +api +2 +-/);
  expect((await chain('diff')).out).toBe('from version 2 to version 3\nsteps[nightly].group_id\n  - "new"\n  + "etl"');
  expect((await chain('diff', '3', '3')).out).toBe('from version 3 to version 3\nnothing changed');
  expect((await chain('diff', '0', '1', '-o', 'json')).out).not.toContain('hunter2');
  expect((await chain('roll-back', '2')).out).toBe('routing chain rolled back to version 2, as version 4');
  expect((await chain('get', '4')).out).toMatch(/group_id: new[\s\S]*version: 4$/);
  expect(await chain('roll-back', '99')).toMatchObject({ code: 1, err: expect.stringContaining('no version 99') });
  expect(await chain('roll-back', 'last')).toMatchObject({ code: 2, err: expect.stringContaining('"last"') });
});

test('hits lists what steps and rules did, and those that never did', async () => {
  const { code, out } = await chain('hits', '--days', '1');
  expect(code).toBe(0);
  expect(out).toMatch(/^DAY +STEP +RULE +DECIDED +REFUSED +OBSERVED +FAILED +ABSTAINED/);
  expect(out).toMatch(/never +nightly +- +0 +0 +0 +0 +0/);
  expect((await chain('hits', '--step', 'outside')).out).not.toContain('nightly');
  expect(await chain('hits', '--days', '0')).toMatchObject({ code: 2, err: '--days: expected 1 to 400, got "0"' });
});
