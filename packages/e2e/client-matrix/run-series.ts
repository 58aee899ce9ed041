import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Program } from './clients.ts';
import { cliProgram, jdbcProgram } from './java-programs.ts';
import { clientsFolder, goProgram, javascriptProgram, pythonWithPackages } from './toolchains.ts';

/** Clients that run a series of statements on one connection, and tell all of what became of each. */
export const seriesClients = ['cli', 'jdbc', 'dbapi', 'go', 'js'] as const;
export type SeriesClient = (typeof seriesClients)[number];

/** Statements by their names; rows of one whose name begins with `sum` come in any order. */
export type Series = ReadonlyMap<string, string>;

export type SeriesOptions = {
  /** What runs where, one after the other. */
  at: readonly { url: string; statements: Series }[];
  user: string;
  /** For files of the run. */
  folder: string;
  timeoutMs: number;
  say: (line: string) => void;
};

/** What became of statements, in words of the client. */
export type Outcomes = ReadonlyMap<string, string>;

/** What differs from one run to the next: ids of queries, and how much memory one had when it had too much. */
const OF_THIS_RUN = /\d{8}_\d{6}_\d{5}_[a-z2-9]{5}|\[Allocated: [^\]]*\]/g;

/**
 * What the CLI says of its terminal, and empty lines: one stands before a warning or behind it, as the warning comes with an early page
 * or a late one.
 */
const ofTerminal = /^\s*$|org\.jline\.|Unable to create a system terminal/;

const programs: Record<Exclude<SeriesClient, 'cli'>, (say: SeriesOptions['say']) => Promise<Program>> = {
  jdbc: (say) => jdbcProgram('Series', say),
  dbapi: async (say) => ({
    command: await pythonWithPackages(say),
    args: [join(clientsFolder, 'python', 'series_client.py')],
  }),
  go: async (say) => ({ command: await goProgram(say), args: [] }),
  js: async (say) => ({ command: process.execPath, args: [await javascriptProgram(say, 'series.js')] }),
};

/** Runs the series at each address. Throws MissingToolError when the client cannot be installed. */
export async function runSeries(client: SeriesClient, options: SeriesOptions): Promise<Outcomes[]> {
  return client === 'cli' ? await runByCli(options) : await runByProgram(client, options);
}

async function runByProgram(client: keyof typeof programs, options: SeriesOptions): Promise<Outcomes[]> {
  const { at, user, folder, say } = options;
  const { command, args } = await programs[client](say);
  const file = join(folder, `series-${client}`);
  for (const [index, { statements }] of at.entries())
    await writeFile(`${file}.${index}`, [...statements].map((one) => one.join('\u001f')).join('\u001e'));
  const env = { ...process.env, MATRIX_SERIES: file, PYTHONDONTWRITEBYTECODE: '1' };
  const { out } = await outputOf(command, [...args, at.map(({ url }) => url).join(','), user], env, options);
  const found = at.map(() => new Map<string, string>());
  for (const line of out.split('\n')) {
    const [index = '', name = '', ...outcome] = line.split('\t');
    found[Number(index)]?.set(name, outcome.join('\t').replace(OF_THIS_RUN, '…'));
  }
  return found;
}

/** All that the CLI prints, standard output and errors; sums apart. */
async function runByCli(options: SeriesOptions): Promise<Outcomes[]> {
  const { command, args } = await cliProgram(options.say);
  const found: Outcomes[] = [];
  for (const [index, { url, statements }] of options.at.entries()) {
    const run = async (name: string, sql: readonly string[]) => {
      const file = join(options.folder, `series-cli-${index}-${name}`);
      await writeFile(file, `${sql.join(';\n')};\n`);
      const more = ['--output-format', 'TSV', '--ignore-errors', '--file', file];
      return outputOf(command, [...args, '--server', url, '--user', options.user, ...more], process.env, options);
    };
    const outcomes = new Map<string, string>();
    for (const [name, sql] of [...statements].filter(([one]) => one.startsWith('sum'))) {
      const rows = (await run(name, [sql])).out.split('\n').filter((line) => line !== '');
      outcomes.set(name, `${rows.length} rows, ${rows.reduce((sum, row) => sum + crc32(row), 0)}`);
    }
    const others = [...statements].filter(([name]) => !name.startsWith('sum')).map(([, sql]) => sql);
    const { out, err } = await run('all', others);
    const said = [...out.split('\n'), ...err.split('\n').filter((line) => !ofTerminal.test(line))];
    outcomes.set('all', said.map(short).join('\n'));
    found.push(outcomes);
  }
  return found;
}

/** A long line by its length and digest. */
function short(line: string): string {
  if (line.length < 4_000) return line.replace(OF_THIS_RUN, '…');
  return `${line.length} characters, ${createHash('sha256').update(line).digest('hex')}`;
}

/** All that a program prints until it ends, and the last of its complaints. */
export async function outputOf(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { timeoutMs }: { timeoutMs: number },
): Promise<{ out: string; err: string }> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const force = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const chunks: Buffer[] = [];
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err = (err + text).slice(-100_000);
  });
  await once(child, 'close');
  clearTimeout(force);
  return { out: Buffer.concat(chunks).toString(), err };
}
