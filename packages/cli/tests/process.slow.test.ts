import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, jest, test } from '@jest/globals';
import { startGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';

jest.setTimeout(240_000); // a busy machine starts processes slowly

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs the script as a user does, from a folder of the user's, with a text on standard input. */
async function trinoGateway(argv: string[], url: string, input = '') {
  const child = spawn(join(ROOT, 'trino-gateway'), argv, {
    cwd: tmpdir(),
    env: { ...process.env, NODE_OPTIONS: '', TRINO_GATEWAY_URL: url, TRINO_GATEWAY_TOKEN: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, out, err };
}

test('the script runs from any folder, reads standard input and prints nothing but its answer', async () => {
  await using server = await startGatewayserver();
  const file = 'backends: [{ id: a, url: "http://a:8080" }]';
  expect(await trinoGateway(['apply', '-f', '-'], server.url, file)).toEqual({
    code: 0,
    out: 'backend "a" created\n',
    err: '',
  });
});

test('the script hands the exit code on', async () => {
  expect(await trinoGateway(['get', 'cluster', 'a'], 'http://127.0.0.1:1')).toMatchObject({ code: 2, out: '' });
});

test('a reader that goes away early is no failure', async () => {
  const backends = Array.from({ length: 3_000 }, (_, at) => ({ id: `backend-${at}`, url: 'http://a' }));
  await using server = await startGatewayserver({ file: JSON.stringify({ backends }) });
  const child = spawn(process.execPath, ['packages/cli/src/main.ts', 'list', 'backends', '-o', 'yaml'], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', TRINO_GATEWAY_URL: server.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const [code] = await once(child, 'exit');
  expect([code, err]).toEqual([0, '']);
});
