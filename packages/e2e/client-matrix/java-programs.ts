import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { prepared } from '@trino-gateway/testing/toolchains/prepared';
import { runCommand } from '@trino-gateway/testing/toolchains/run-command';
import { clientJars } from '@trino-gateway/testing/trino/artifacts';
import { findJdk } from '@trino-gateway/testing/trino/jdk';
import { clientsFolder } from './toolchains.ts';

const LIMIT_MS = 300_000;
// Short programs: what the second compiler would gain is never earned back.
const FLAGS = ['--enable-native-access=ALL-UNNAMED', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const NOBODY = 'http://127.0.0.1:9'; // the port of discard

export type JavaProgram = { command: string; args: string[] };

/** The Trino CLI; its options are appended. An archive of its classes, made once, halves what a start costs. */
export async function cliProgram(say: (line: string) => void): Promise<JavaProgram> {
  const { home, version } = await findJdk();
  const { cli } = await clientJars(say);
  const command = join(home, 'bin', 'java');
  const folder = await prepared(`cli-${version}`, [cli], async (part) => {
    say('making the class archive of the CLI (once)');
    const flags = [...FLAGS, `-XX:ArchiveClassesAtExit=${join(part, 'classes.jsa')}`];
    const statement = ['--server', NOBODY, '--user', 'nobody', '--execute', 'SELECT 1'];
    await runCommand(command, [...flags, '-jar', cli, ...statement], { timeoutMs: LIMIT_MS }).catch(() => {}); // nobody answers
  });
  const archive = ['-Xlog:cds=off', '-Xlog:cds+dynamic=off', `-XX:SharedArchiveFile=${join(folder, 'classes.jsa')}`];
  return { command, args: [...FLAGS, ...archive, '-jar', cli] };
}

/** A program of the folder `jdbc`, with the driver; its arguments are appended. */
export async function jdbcProgram(
  name: 'Cases' | 'Series' | 'TimeLimit',
  say: (line: string) => void,
): Promise<JavaProgram> {
  const { home, version } = await findJdk();
  const { jdbc } = await clientJars(say);
  const source = join(clientsFolder, 'jdbc');
  const files = (await readdir(source)).map((file) => join(source, file));
  const classes = await prepared(`jdbc-${version}`, [jdbc, ...files], async (part) => {
    say('compiling the JDBC programs (once)');
    await runCommand(join(home, 'bin', 'javac'), ['-cp', jdbc, '-d', part, ...files], { timeoutMs: LIMIT_MS });
  });
  return { command: join(home, 'bin', 'java'), args: [...FLAGS, '-cp', `${jdbc}:${classes}`, name] };
}
