import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { type CaseName, expected, statements } from './cases.ts';
import { type Client, type ClientName, clientNames, clients, type Encoding } from './clients.ts';
import { howItEnded, untilItRuns } from './long-query.ts';

export { type ClientName, clientNames };

/** Where to run the clients, and as whom. */
export type MatrixOptions = {
  /** A Trino or a gateway. All queries of one client must reach one cluster: the tables are in its memory. */
  url: string;
  user: string;
  /** Needs an https URL. */
  password?: string;
  /** The clients log in with OAuth2: opens the link that one of them prints, as a browser would. Needs an https URL. */
  logIn?: (link: string) => Promise<void>;
  /** A token, for the clients that cannot log in themselves. */
  token?: string;
  /** The clusters behind `url`, asked what became of a cancelled query; default `url` itself. */
  backends?: readonly string[];
  /** A cluster that clients poll themselves: links may lead there too. */
  directUrl?: string;
  /** Which clients; default all. */
  only?: readonly ClientName[];
  /** `presto` (default) makes PyHive send X-Presto-* headers, which a bare Trino does not understand; `trino` X-Trino-*. */
  pyhive?: 'presto' | 'trino';
  /** How clients that can read it want results spooled; default what each asks for by itself. */
  encoding?: Encoding;
  /** Where segments may lead besides `url`. */
  storageUrl?: string;
  /** Of each client's cases; default all. */
  cases?: readonly CaseName[];
  /** Resolves when a client is to cancel its long query; default when a cluster runs that. */
  untilToCancel?: () => Promise<unknown>;
  /** For one client; default eight minutes. */
  clientTimeoutMs?: number;
  /** Gets progress lines. */
  say?: (line: string) => void;
};

/** What became of one case of one client. */
export type CaseResult = {
  client: ClientName;
  name: CaseName | 'all';
  outcome: 'passed' | 'failed' | 'skipped';
  /** Why, unless it passed. */
  detail?: string;
};

/** Runs every client, one after the other, and compares each of its cases with what a direct run against Trino gives. */
export async function* runClientMatrix(options: MatrixOptions): AsyncGenerator<CaseResult> {
  for (const name of options.only ?? clientNames) {
    try {
      yield* runClient(name, clients[name], options);
    } catch (error) {
      const outcome = error instanceof MissingToolError ? 'skipped' : 'failed';
      yield { client: name, name: 'all', outcome, detail: error instanceof Error ? error.message : String(error) };
    }
  }
}

async function* runClient(
  client: ClientName,
  { cases, encodings, program }: Client,
  options: MatrixOptions,
): AsyncGenerator<CaseResult> {
  const spools = options.encoding !== undefined && encodings.includes(options.encoding);
  const { command, args } = await program(options.say ?? (() => {}));
  const mark = `${client}_${randomBytes(4).toString('hex')}`;
  const child = spawn(command, [...args, options.url, options.user], {
    env: { ...environment(options, mark), ...(spools ? { MATRIX_ENCODING: options.encoding } : {}) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { values, complaints } = await answers(child, options, mark);
  for (const name of cases) if (isWanted(name, options)) yield verdict(client, name, values.get(name), complaints);
}

const isWanted = (name: CaseName, { cases }: MatrixOptions) => cases === undefined || cases.includes(name);

/** What a program of a client is told. */
export function environment(options: MatrixOptions, mark: string): NodeJS.ProcessEnv {
  // These two would switch the certificate check of Python's requests back on.
  const { REQUESTS_CA_BUNDLE: _requests, CURL_CA_BUNDLE: _curl, ...env } = process.env;
  return {
    ...env,
    ...statements(mark),
    PYTHONDONTWRITEBYTECODE: '1',
    ...(options.cases === undefined ? {} : { MATRIX_ONLY: options.cases.join(',') }),
    MATRIX_PYHIVE: options.pyhive ?? 'presto',
    ...(options.password === undefined ? {} : { MATRIX_PASSWORD: options.password }),
    ...(options.storageUrl === undefined ? {} : { MATRIX_STORAGE_URL: options.storageUrl }),
    ...(options.logIn === undefined ? {} : { MATRIX_LOG_IN: 'yes', PYTHONUNBUFFERED: '1' }),
    ...(options.token === undefined ? {} : { MATRIX_TOKEN: options.token }),
    ...(options.directUrl === undefined ? {} : { MATRIX_DIRECT_URL: options.directUrl }),
  };
}

/** Reads a client's lines to its end; tells it to cancel once the servers say that its long query runs. */
async function answers(
  child: ChildProcess,
  options: MatrixOptions,
  mark: string,
): Promise<{ values: Map<string, string>; complaints: string }> {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('the pipes of a client are open');
  const limit = AbortSignal.timeout(options.clientTimeoutMs ?? 480_000);
  limit.addEventListener('abort', () => child.kill('SIGKILL'));
  const gone = new AbortController();
  const over = once(child, 'close').finally(() => gone.abort());
  const signal = AbortSignal.any([limit, gone.signal]);
  const values = new Map<string, string>();
  let complaints = '';
  stdin.on('error', () => {}); // a client that died early is seen by its missing answers
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2000);
  });
  const backends = options.backends ?? [options.url];
  let telling: Promise<unknown> = Promise.resolve();
  const logins: Promise<unknown>[] = [];
  createInterface({ input: stdout }).on('line', (line) => {
    const loginLink = /https:\S+\/oauth2\/token\/initiate\/\S+/.exec(line)?.[0];
    if (loginLink !== undefined) {
      logins.push(options.logIn?.(loginLink) ?? Promise.resolve());
      return;
    }
    const [name = '', value = ''] = line.split('\t');
    values.set(name, value);
    if (name === 'running')
      telling = (options.untilToCancel?.() ?? untilItRuns(backends, options.user, mark, signal)).then(() =>
        stdin.write('cancel\n'),
      );
  });
  await over;
  await Promise.all([telling, ...logins]);
  if (values.has('running') && isWanted('cancelled-on-server', options)) {
    values.set('cancelled-on-server', await howItEnded(backends, options.user, mark, AbortSignal.timeout(240_000)));
  }
  return { values, complaints: limit.aborted ? `${complaints} (stopped: it took too long)` : complaints };
}

function verdict(client: ClientName, name: CaseName, value: string | undefined, complaints: string): CaseResult {
  if (value === expected[name]) return { client, name, outcome: 'passed' };
  if (value === '-') return { client, name, outcome: 'skipped', detail: 'not in this client' };
  const detail = `expected ${expected[name]}, got ${value ?? `nothing; it said: ${complaints.trim().slice(-500) || 'nothing'}`}`;
  return { client, name, outcome: 'failed', detail };
}
