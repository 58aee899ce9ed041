import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { configFromCommandLine } from '@trino-gateway/config';
import { runStatement } from '@trino-gateway/testing/trino-client/run-statement';
import { banner, tokenCommand } from './banner.ts';
import { createGatewayApi } from './gateway-api.ts';
import { BadSetting, loopbackInstead, type Plan, readPlan } from './plan.ts';
import { neededPorts, portProblems } from './ports.ts';
import { type RunningSuite, startSuite, stopSuite, untilBroken } from './suite.ts';
import { table } from './table.ts';

const HELP = `make run [BACKENDS=http://a:8080,http://b:8080] [CONFIG=gateway.yaml] [SAMPLE_PORTS=18881,18882]

Starts the gateway in front of the clusters in BACKENDS, else of those the configuration file declares, else of two
small Trino clusters that it fetches (223 MB, once) and starts. Settings: docs/configuration.md.`;
const SAMPLE_QUERY = {
  statement: 'SELECT nationkey, name, regionkey FROM tpch.tiny.nation ORDER BY nationkey LIMIT 5',
  columns: ['nationkey', 'name', 'regionkey'],
};
const ANY_QUERY = { statement: 'SELECT 1', columns: ['_col0'] };
const AVAILABLE_WITHIN_MS = { samples: 120_000, given: 60_000, declared: 60_000 };

const began = performance.now();
const say = (line: string) =>
  console.log(`[${((performance.now() - began) / 1_000).toFixed(1).padStart(5)} s] ${line}`);
const stop = new AbortController();
const { signal } = stop;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(HELP);
  process.exit(0);
}
const env = { ...process.env };
if (env.CONFIG) env.TRINO_GATEWAY_CONFIG = env.CONFIG;
const api = loopbackInstead(configFromCommandLine(args, env).config.gatewayserver);
if (api !== undefined) env.TRINO_GATEWAY_GATEWAYSERVER_LISTEN = api;
const { config } = configFromCommandLine(args, env, 'gatewayserver');
const plan = planOrExit();
const group = plan.clusters === 'declared' ? undefined : (config.gatewayserver.default_group ?? 'default');
const running: Partial<RunningSuite> = {};
let exitCode = 0;
try {
  await run();
} catch (error) {
  if (!signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    exitCode = 1;
  }
}
const stopping = Object.values(running).flat().length > 0;
if (stopping) say('stopping');
stop.abort();
await stopSuite(running);
if (stopping) say('everything is stopped');
process.exit(exitCode);

async function run(): Promise<void> {
  const problems = await portProblems(neededPorts(config, plan));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const logFolder = join('data', 'logs');
  await mkdir(logFolder, { recursive: true, mode: 0o700 });
  const options = { config, plan, env, args, defaultGroup: group, logFolder, say, signal };
  const suite = await startSuite(options, running);
  const broken = untilBroken(suite);
  const end = Promise.race([broken, aborted()]);
  const usable = await Promise.race([makeUsable(suite), end]);
  if (usable === undefined || typeof usable === 'string') return finish(usable);
  showAddresses(suite);
  if (usable.available) await Promise.race([firstQuery(suite), end]);
  if (!signal.aborted) say('the gateway stays up; Ctrl-C stops everything');
  finish(await end);
}

/** Registers the clusters and waits until one of them takes queries. */
async function makeUsable({ gatewayserver, samples }: RunningSuite): Promise<{ available: boolean }> {
  const [apiUrl = ''] = gatewayserver.urls;
  const api = createGatewayApi(apiUrl, config.gatewayserver.admin_token, signal);
  const backends =
    plan.clusters === 'given' ? plan.backends : samples.map((sample) => ({ id: sample.name, url: sample.url }));
  if (group !== undefined) {
    await api.register(backends, group);
    say(`registered ${backends.map(({ id }) => id).join(', ')} as group ${group}`);
  }
  const ids = plan.clusters === 'declared' ? plan.backendIds : backends.map(({ id }) => id);
  const limitMs = AVAILABLE_WITHIN_MS[plan.clusters];
  const found = await api.untilAvailable(ids, limitMs, (news) => say(`waiting for a cluster: ${news}`));
  if ('available' in found) return { available: true };
  const text = `no cluster takes queries after ${limitMs / 1_000} s:\n${found.reasons.map((line) => `  ${line}`).join('\n')}`;
  if (plan.clusters === 'samples') throw new Error(text);
  say(`${text}\nThe gateway waits for them: each is used as soon as it answers.`);
  return { available: false };
}

function showAddresses({ router, gatewayserver, monitor }: RunningSuite): void {
  console.log(
    banner({
      clients: router.urls,
      api: gatewayserver.urls[0] ?? '',
      tokenCommand: tokenCommand({ env, token: config.gatewayserver.admin_token }),
      user: env.USER || 'me',
      logPaths: [gatewayserver, monitor, router].map(({ logPath }) => relative('.', logPath)),
    }),
  );
}

/** One query through the router, as a client would send it. */
async function firstQuery({ router }: RunningSuite): Promise<void> {
  const { statement, columns } = plan.clusters === 'samples' ? SAMPLE_QUERY : ANY_QUERY;
  say(`a first query through the gateway: ${statement}`);
  const [url = ''] = router.urls;
  const result = await runStatement(url, statement, {
    user: 'make-run',
    source: 'make run',
    timeoutMs: 90_000,
    signal,
  }).catch((error: Error) => ({ error: { errorName: 'no result', message: error.message }, rows: [], id: '' }));
  if (signal.aborted) return;
  if (result.error !== undefined) {
    const text = `it failed: ${result.error.errorName}: ${result.error.message}`;
    if (plan.clusters === 'samples') throw new Error(text);
    return say(text); // clusters of one's own may not know the user, or want a password
  }
  console.log(`\n${table(columns, result.rows).replace(/^/gm, '  ')}\n`);
  say(`${result.rows.length} row${result.rows.length === 1 ? '' : 's'}, query ${result.id}`);
}

/** With a text something broke; without one somebody asked to stop. */
function finish(broken: string | undefined): void {
  if (broken !== undefined && !signal.aborted) throw new Error(broken);
}

function aborted(): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    if (signal.aborted) resolve(undefined);
  });
}

function planOrExit(): Plan {
  try {
    return readPlan(
      env,
      config.declared.backends.map(({ id }) => id),
    );
  } catch (error) {
    if (!(error instanceof BadSetting)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}
