import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { makeClassArchive } from '@trino-gateway/testing/trino/class-archive';
import { startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { findJdk } from '@trino-gateway/testing/trino/jdk';
import { folderOf, list, startAndLeave, stopLeft } from '@trino-gateway/testing/trino/left-running';
import { trinoServer } from '@trino-gateway/testing/trino/server';
import { chosenVersion, OLDEST_JAVA } from '@trino-gateway/testing/trino/versions';

const HELP = `usage: node scripts/trino/main.ts COMMAND

  fetch [--archive]   download and unpack Trino once; --archive also makes the class archive, which halves start times
  start NAME PORT     start a coordinator on 127.0.0.1:PORT, wait until it runs queries, and leave it running
      --reject-forwarded              refuse X-Forwarded-* headers (406)
      --resource-group RUNNING,QUEUED at most so many queries run and wait
      --password USER:PASSWORD        password authentication
      --https PORT                    TLS as well, self-signed
      --events URL                    post the events of completed queries there
      --events-token TOKEN            what opens that URL
      --heap SIZE                     default 768M
      --ready-within SECONDS          default 240
      --set KEY=VALUE                 one more line of config.properties; may be repeated
  stop NAME           SIGTERM, after 20 s SIGKILL
  kill NAME           SIGKILL
  status              what runs
  logs NAME           the log

Catalogs: tpch, memory. Environment: TRINO_GATEWAY_TRINO (476, or 483, which is assembled from its jars), JAVA_HOME,
TRINO_GATEWAY_CACHE, TRINO_GATEWAY_MAVEN_ARGS, MAVEN_OPTS.`;

const say = (line: string) => console.error(line);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    archive: { type: 'boolean', default: false },
    'reject-forwarded': { type: 'boolean', default: false },
    'resource-group': { type: 'string' },
    password: { type: 'string' },
    https: { type: 'string' },
    events: { type: 'string' },
    'events-token': { type: 'string' },
    heap: { type: 'string' },
    'ready-within': { type: 'string', default: '240' },
    set: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

async function fetch(): Promise<void> {
  const version = chosenVersion();
  const jdk = await findJdk(OLDEST_JAVA[version]);
  console.log((await trinoServer(version, jdk, say)).home);
  if (values.archive) console.log(await trainedArchive());
}

async function trainedArchive(): Promise<string> {
  const version = chosenVersion();
  return makeClassArchive(await findJdk(OLDEST_JAVA[version]), version, async (jvmFlags) => {
    say('making the class archive');
    const coordinator = await startCoordinator({
      name: 'training',
      jvmFlags,
      readyWithinMs: Number(values['ready-within']) * 1000,
    });
    await coordinator.stop(120_000); // the archive is written on the way out
  });
}

async function start(): Promise<void> {
  const [name, port] = [positional(1, 'NAME'), positional(2, 'PORT')];
  const began = Date.now();
  const { password, https, heap, events, 'events-token': token } = values;
  const limits = values['resource-group']?.split(',').map(Number);
  const left = await startAndLeave({
    name,
    port: Number(port),
    processForwarded: !values['reject-forwarded'],
    ...(limits === undefined
      ? {}
      : { resourceGroup: { hardConcurrencyLimit: limits[0] ?? 1, maxQueued: limits[1] ?? 0 } }),
    ...(password === undefined ? {} : { password: { user: before(password, ':'), password: after(password, ':') } }),
    ...(https === undefined ? {} : { httpsPort: Number(https) }),
    ...(events === undefined ? {} : { events: { url: events, ...(token === undefined ? {} : { token }) } }),
    ...(heap === undefined ? {} : { heap }),
    readyWithinMs: Number(values['ready-within']) * 1000,
    properties: Object.fromEntries(values.set.map((line) => [before(line, '='), after(line, '=')])),
    say,
  });
  console.log(`${name} http://127.0.0.1:${left.port} pid ${left.pid}, ready after ${Date.now() - began} ms`);
}

function positional(index: number, what: string): string {
  const value = positionals[index];
  if (value === undefined) throw new Error(`${what} is missing\n\n${HELP}`);
  return value;
}

const before = (text: string, mark: string) => text.slice(0, text.indexOf(mark));
const after = (text: string, mark: string) => text.slice(text.indexOf(mark) + 1);

async function run(command: string | undefined): Promise<void> {
  switch (command) {
    case 'fetch':
      return fetch();
    case 'start':
      return start();
    case 'stop':
    case 'kill':
      return stopLeft(positional(1, 'NAME'), command === 'kill');
    case 'status':
      for (const one of await list())
        console.log(`${one.name} http://127.0.0.1:${one.port} pid ${one.pid} since ${one.startedAt}`);
      return;
    case 'logs':
      return pipeline(createReadStream(join(folderOf(positional(1, 'NAME')), 'server.log')), process.stdout, {
        end: false,
      });
    default:
      throw new Error(`no such command: ${command}\n\n${HELP}`);
  }
}

if (values.help || positionals.length === 0) console.log(HELP);
else {
  await run(positionals[0]).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
