import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

// cli-program.ts COMMAND URL USER: the Trino CLI, by a JSON list of words. Statements come from MATRIX_*, results leave as "case TAB value".

const [command = '[]', url = '', user = ''] = process.argv.slice(2);
const [java = 'java', ...start] = JSON.parse(command) as string[];
const setting = (name: string): string => process.env[`MATRIX_${name}`] ?? '';

/** What it prints when it wants a browser to be opened. */
const loginLink = /https:\S+\/oauth2\/token\/initiate\/\S+(?=\n)/;
const loginNotice = /External authentication required\. Please go to:\s+https:\S+\n/;

type Output = { out: string; err: string };

function cli(statements: string): ChildProcess {
  const args = ['-Djava.util.logging.config.file=/dev/null', ...start];
  args.push('--server', url, '--user', user, '--output-format', 'TSV', '--execute', statements);
  if (setting('ENCODING') !== '') args.push('--encoding', setting('ENCODING'));
  if (url.startsWith('https:')) args.push('--insecure');
  if (setting('PLAIN') !== '') args.push('--disable-compression');
  const password = setting('PASSWORD');
  if (password !== '') args.push('--password');
  if (setting('LOG_IN') !== '')
    args.push('--external-authentication', '--external-authentication-redirect-handler=PRINT');
  const env = { ...process.env, ...(password === '' ? {} : { TRINO_PASSWORD: password }) };
  return spawn(java, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
}

async function ended(child: ChildProcess): Promise<Output> {
  const output = { out: '', err: '' };
  let isToldOf = false;
  const passOnLink = (text: string) => {
    const link = isToldOf ? undefined : loginLink.exec(text)?.[0];
    if (link === undefined) return;
    isToldOf = true;
    console.log(link);
  };
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    output.out += text;
    passOnLink(output.out);
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    output.err += text;
    passOnLink(output.err);
  });
  await once(child, 'close');
  return { out: output.out.replace(loginNotice, ''), err: output.err.replace(loginNotice, '') };
}

const run = (statements: string) => ended(cli(statements));

/** Rows go to standard output, all else to standard error. */
async function lastLine(statements: string): Promise<string> {
  const { out, err } = await run(statements);
  return out.trimEnd().split('\n').at(-1) || `error: ${err.trim()}`;
}

/** The MD5 of rows that are not kept. */
async function streamed(): Promise<string> {
  const child = cli(setting('ROWS'));
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const digest = createHash('md5');
  child.stdout?.on('data', (chunk: Buffer) => digest.update(chunk));
  const [code] = await once(child, 'close');
  return code === 0 ? digest.digest('hex') : `error: ${complaints}`;
}

async function write(): Promise<string> {
  const statements = [setting('CREATE'), setting('INSERT'), setting('COUNT_WRITTEN'), setting('DROP')].join('; ');
  const { out, err } = await run(statements);
  const changed = [...`${out}\n${err}`.matchAll(/(?:CREATE TABLE|INSERT): (\d+) rows?/g)].map((match) => match[1]);
  const counted = /^\d+$/m.exec(out)?.[0];
  return [...changed, counted].join(' ');
}

async function errorMessage(): Promise<string> {
  const { err } = await run(setting('FAILING'));
  return err.trim().replace(/^Query \w+ failed: /, '');
}

async function cancel(): Promise<string> {
  const child = cli(setting('LONG'));
  const over = ended(child).then(() => 'canceled');
  console.log('running');
  await once(process.stdin, 'data'); // comes when the server says that the query runs
  child.kill('SIGINT');
  const how = await Promise.race([over, sleep(30_000, 'still running')]);
  child.kill('SIGKILL');
  return how;
}

async function report(name: string, produce: () => Promise<string>): Promise<void> {
  if (setting('ONLY') !== '' && !setting('ONLY').split(',').includes(name)) return;
  const value = await produce().catch((error: unknown) => `error: ${String(error)}`);
  console.log(`${name}\t${value.replace(/\s+/g, ' ')}`);
}

await report('select-1', () => lastLine(setting('ONE')));
await report('count', () => lastLine(setting('COUNT')));
await report('fetch-15000', async () =>
  createHash('sha256')
    .update((await run(setting('FETCH'))).out)
    .digest('hex'),
);
if (setting('ROWS') !== '') await report('rows', streamed);
await report('prepared', () =>
  lastLine(`PREPARE matrix FROM ${setting('PREPARED')}; EXECUTE matrix USING ${setting('PREPARED_VALUE')}`),
);
await report(
  'session',
  async () => (await lastLineColumns(`${setting('SET_SESSION')}; ${setting('SHOW_SESSION')}`))[1] ?? '',
);
await report('write', write);
await report('error-message', errorMessage);
await report('error-code', async () => '-'); // it shows none
await report('transaction', async () => {
  const { out } = await run(`START TRANSACTION; ${setting('IN_TRANSACTION')}; COMMIT`);
  return out.split('\n').find((line) => /^\d+$/.test(line)) ?? `error: ${out}`;
});
await report('cancel', cancel);
process.exit();

async function lastLineColumns(statements: string): Promise<string[]> {
  return (await lastLine(statements)).split('\t');
}
