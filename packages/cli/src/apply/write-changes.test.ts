import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import type { Gateway } from '../connection/gateway.ts';
import type { Change } from './change.ts';
import { writeChanges } from './write-changes.ts';

test('a failure in the middle says what was done and what failed, and nothing after it is tried', async () => {
  const out: string[] = [];
  const err: string[] = [];
  const tried: string[] = [];
  const change = (id: string, fails = false): Change => ({
    name: `backend "${id}"`,
    expected: 'created',
    differences: [],
    write: async () => {
      tried.push(id);
      if (fails) throw new ConnectError('uptime_schedule: expected\nfive fields', Code.InvalidArgument);
      return 'created';
    },
  });
  const gateway = {
    connection: { urls: ['http://a'], token: undefined, timeLimitMs: 1_000 },
  } as unknown as Gateway;
  const code = await writeChanges(gateway, [change('a'), change('b', true), change('c')], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    columns: undefined,
    screen: undefined,
    env: {},
    read: async () => '',
  });
  expect(code).toBe(1);
  expect(tried).toEqual(['a', 'b']);
  expect(out).toEqual(['backend "a" created']);
  expect(err).toEqual([
    'backend "b": uptime_schedule: expected five fields (1 of 3 done; fix that and repeat the command)',
  ]);
});
