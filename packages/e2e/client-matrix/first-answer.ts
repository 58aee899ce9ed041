import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type ClientName, clients } from './clients.ts';
import { environment, type MatrixOptions } from './run-matrix.ts';

const LIMIT_MS = 240_000;

/** What a client gets for its first statement, `SELECT 1`, or the error it shows: what it would do next is not waited for. */
export async function firstAnswer(
  client: ClientName,
  options: Pick<MatrixOptions, 'url' | 'user' | 'password'>,
): Promise<string> {
  const { command, args } = await clients[client].program(() => {});
  const mark = `${client}_${randomBytes(4).toString('hex')}`;
  const child = spawn(command, [...args, options.url, options.user], {
    env: environment(options, mark),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const force = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  let answer: string | undefined;
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2_000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    answer ??= line.split('\t')[1] ?? line;
    child.kill('SIGKILL');
  });
  await once(child, 'close');
  clearTimeout(force);
  return answer ?? complaints;
}
