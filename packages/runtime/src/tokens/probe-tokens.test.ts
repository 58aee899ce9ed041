import { create } from '@bufbuild/protobuf';
import { expect, jest, test } from '@jest/globals';
import { BackendSchema } from '@trino-gateway/api/gateway';
import { createProbeTokens } from './probe-tokens.ts';

const folder = { path: '/run/tokens', key: 'monitor.token_folder' };
const backend = (tokenFile: string) => create(BackendSchema, { id: 'a', probe: { user: 'u', tokenFile } });

test('a backend with a token file gets the token that stands there now; others stay as they are', async () => {
  let at = 0;
  const tokens = createProbeTokens(folder, async (path) => `${path}-${++at}`);
  const configured = backend('/run/tokens/a');
  expect((await tokens.withToken(configured)).probe).toMatchObject({ user: 'u', token: '/run/tokens/a-1' });
  expect((await tokens.withToken(configured)).probe?.token).toBe('/run/tokens/a-2');
  expect(configured.probe?.token).toBe('');
  for (const other of [backend(''), create(BackendSchema, { id: 'b' })])
    expect(await tokens.withToken(other)).toBe(other);
});

test('a problem of one file is none of the next', async () => {
  const tokens = createProbeTokens(folder, async (path) => {
    if (path === '/run/tokens/a') throw new Error('broken');
    return 'abc';
  });
  const [first, second] = await Promise.allSettled(
    ['a', 'b'].map((name) => tokens.withToken(backend(`/run/tokens/${name}`))),
  );
  expect(first).toMatchObject({ status: 'rejected', reason: { message: 'broken' } });
  expect(second).toMatchObject({ status: 'fulfilled', value: { probe: { token: 'abc' } } });
});

test('a disk that does not answer holds nobody up for long, and one read at most', async () => {
  jest.useFakeTimers();
  try {
    const started: string[] = [];
    const hanging = Promise.withResolvers<string>();
    const tokens = createProbeTokens(folder, (path) => {
      started.push(path);
      return path === '/run/tokens/a' ? hanging.promise : Promise.resolve('abc');
    });
    const asked = ['a', 'a', 'b', 'a', 'b'].map((name) =>
      tokens.withToken(backend(`/run/tokens/${name}`)).then(String, (error: Error) => error.message),
    );
    await jest.advanceTimersByTimeAsync(2_000);
    const late = (name: string) => `probe.token_file: /run/tokens/${name} was not read within 2000 ms`;
    expect(await Promise.all(asked)).toEqual(['a', 'a', 'b', 'a', 'b'].map(late));
    expect(started).toEqual(['/run/tokens/a']);
    hanging.resolve('late');
    await jest.advanceTimersByTimeAsync(0);
    expect((await tokens.withToken(backend('/run/tokens/b'))).probe?.token).toBe('abc');
  } finally {
    jest.useRealTimers();
  }
});
