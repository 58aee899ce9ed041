import { type ClientName, clients } from './clients.ts';
import { outputOf } from './run-series.ts';

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
  const env = {
    ...process.env,
    MATRIX_MANY: statements.join('\n'),
    PYTHONDONTWRITEBYTECODE: '1',
    ...(answerSeconds !== undefined && { MATRIX_ANSWER_SECONDS: String(answerSeconds) }),
  };
  const { out, err } = await outputOf(command, [...args, url, user], env, { timeoutMs });
  const values = new Map(
    out.split('\n').map((line): [string, string] => [line.split('\t')[0] ?? '', line.split('\t')[1] ?? '']),
  );
  return statements.map(
    (_, number) => values.get(String(number)) ?? `error: nothing; it said: ${err.trim().slice(-2_000)}`,
  );
}
