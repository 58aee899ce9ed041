import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ClientName, clients } from './clients.ts';

/** The clients that run many statements at the same time in one process. */
export type ManyClient = Extract<ClientName, 'dbapi' | 'go' | 'js' | 'jdbc'>;

export type ManyOptions = {
  url: string;
  user: string;
  /** Each on one line. */
  statements: readonly string[];
  timeoutMs: number;
  /** The client's own limit for each answer, where it has such a setting: dbapi, go and jdbc. */
  answerSeconds?: number;
  say?: (line: string) => void;
};

/**
 * Runs all statements at the same time in one process of this client, each with a connection of its own, and answers the
 * first column of the first row of each, or `error: …`. Throws MissingToolError when the client cannot be installed.
 */
export async function runMany(client: ManyClient, options: ManyOptions): Promise<string[]> {
  const { url, user, statements, timeoutMs, answerSeconds, say = () => {} } = options;
  const { command, args } = await clients[client].program(say);
  const child = spawn(command, [...args, url, user], {
    env: {
      ...process.env,
      MATRIX_MANY: statements.join('\n'),
      PYTHONDONTWRITEBYTECODE: '1',
      ...(answerSeconds !== undefined && { MATRIX_ANSWER_SECONDS: String(answerSeconds) }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const force = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let out = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2_000);
  });
  await once(child, 'close');
  clearTimeout(force);
  const values = new Map(
    out.split('\n').map((line): [string, string] => [line.split('\t')[0] ?? '', line.split('\t')[1] ?? '']),
  );
  return statements.map((_, number) => values.get(String(number)) ?? `error: nothing; it said: ${complaints.trim()}`);
}
