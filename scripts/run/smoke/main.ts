// Is `make run` what README.md says? Starts it, types the commands of the page and of its own banner, lets a sample cluster
// die, and stops everything as Ctrl-C does.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runStatement } from '@trino-gateway/testing/trino-client/run-statement';
import { commandsOf } from './readme-commands.ts';
import { makeRun, type RunningMake } from './running-suite.ts';
import { type Typed, type } from './type-commands.ts';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));
/** Of the page, but not typed here: it is started above, and is a suite of .ci/run of its own. */
const NOT_TYPED = ['make run', 'make test'];

const results: [name: string, problem: string][] = [];
const check = (name: string, holds: boolean, problem = 'it does not hold') =>
  results.push([name, holds ? '' : problem]);

const suite = await makeRun({ SAMPLE_PORTS: '0,0' });
const samples = [...suite.output().matchAll(/(sample-[ab]) runs queries at (\S+)/g)].map(([, name = '', url = '']) => ({
  name,
  url,
}));
check('make run comes up', /Ctrl-C stops everything/.test(suite.output()));
check('it printed rows of a real query', /ALGERIA\s+\| 0/.test(suite.output()));
try {
  await typePage(suite);
  for (const typed of await typeBanner(suite)) note('the banner', typed);
  await withToken();
  await sampleDies(suite);
} catch (error) {
  check('the commands can be typed', false, error instanceof Error ? error.message : String(error));
}
const ready = await fetch(`${suite.urls.routerOps}/readyz`).catch(() => undefined);
check('it stays up', ready?.ok === true);
check('Ctrl-C stopped everything it started', await suite.interrupt());

for (const [name, problem] of results) console.log(problem === '' ? `ok      ${name}` : `FAILED  ${name}: ${problem}`);
const failed = results.filter(([, problem]) => problem !== '').length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function note(where: string, { command, problem }: Typed): void {
  check(`${where}: ${command.split('\n').find((line) => !line.startsWith('export'))}`, problem === '', problem);
}

/** The commands of README.md in order; afterwards the gateway works as the page says. */
async function typePage(running: RunningMake): Promise<void> {
  const commands = commandsOf(readFileSync(README, 'utf8'));
  for (const command of commands.filter((one) => !NOT_TYPED.includes(one)))
    note('README.md', await type(command, running));
  for (const tag of ['etl', 'dashboard']) {
    const { rows, error } = await runStatement(running.urls.clients, 'SELECT count(*) FROM tpch.tiny.nation', {
      user: 'alice',
      headers: { 'X-Trino-Client-Tags': tag },
      timeoutMs: 60_000,
    });
    check(`afterwards a query with the tag ${tag} runs`, rows[0]?.[0] === 25, JSON.stringify(error));
  }
}

/** The commands that make run prints; the address is in them. */
async function typeBanner(running: RunningMake, env: NodeJS.ProcessEnv = {}): Promise<Typed[]> {
  const lines = running.output().split('\n');
  const commandOf = (line: string) =>
    /^ {2}(?:\S.{13}| {14}) {2}((?:export|curl|\.\/trino-gateway) .*)$/.exec(line)?.[1];
  const token = lines.map(commandOf).find((command) => command?.startsWith('export'));
  const commands = lines.map(commandOf).filter((command) => command !== undefined && command !== token);
  check('the banner has a command for REST and one for the command line', commands.length === 2, `${commands}`);
  const typed: Typed[] = [];
  for (const command of commands) typed.push(await type([...(token ? [token] : []), command].join('\n'), running, env));
  return typed;
}

/** A second gateway in front of the same clusters, with a token. */
async function withToken(): Promise<void> {
  const token = { TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN: 'a-token-of-the-smoke-test' };
  const running = await makeRun({ BACKENDS: samples.map(({ url }) => url).join(','), ...token });
  for (const typed of await typeBanner(running, token)) note('with a token', typed);
  check(
    'the banner does not show the token',
    !running.output().includes(token.TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN),
  );
  check('Ctrl-C stops the second gateway', await running.interrupt());
}

/** kill -9 to one sample: the gateway stays, and the sample comes back. */
async function sampleDies(running: RunningMake): Promise<void> {
  const [{ name, url } = { name: '', url: 'http://none' }] = samples;
  const found = execFileSync('pgrep', ['-f', `trino-gateway.coordinator=${name}`])
    .toString()
    .trim()
    .split('\n')
    .map(Number);
  const port = `http.port=${new URL(url).port}\n`; // those of other suites have other ports
  const own = found.filter((pid) => readFileSync(`/proc/${pid}/cwd/etc/config.properties`, 'utf8').includes(port));
  for (const pid of own) process.kill(pid, 'SIGKILL');
  check(
    'a sample that dies is said, with a log that is there',
    await running.prints(/was ended by SIGKILL; its log is \S+sample-/),
  );
  check('it is started again', await running.prints(/runs queries again at/));
}
