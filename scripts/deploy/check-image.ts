// Carries the Dockerfile's steps out in a folder, for machines without a container engine, and starts the services from it:
//   node scripts/deploy/check-image.ts [gatewayserver] [monitor] [router]
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { type RunningProgram, startProgram } from '@trino-gateway/testing/processes/start-program';
import { untilReady } from '@trino-gateway/testing/processes/until-ready';
import { type ImageFolder, imageFolders, type RunAs } from './image-folder.ts';

const SERVICES = ['gatewayserver', 'monitor', 'router'] as const;
type Service = (typeof SERVICES)[number];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_WITHIN_MS = 120_000;
const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync(join(tmpdir(), 'trino-gateway-image-'));
const running: { service: Service; program: RunningProgram }[] = [];

/** As root, steps and services run as the user the image names; else all of it as whoever runs this. */
function asUser(user: string | undefined, program: readonly string[]): readonly string[] {
  const [uid = '0', gid = uid] = user?.split(':') ?? [];
  if (!isRoot || user === undefined) return program;
  return ['setpriv', '--reuid', uid, '--regid', gid, '--clear-groups', '--', ...program];
}

const run: RunAs = (user, program, cwd, env) => {
  // Without root nothing can be given to another user, and need not be.
  const own = isRoot ? program : program.map((word) => word.replaceAll(/ && chown \S+( [^\s&]+)+/g, ''));
  const [command = '', ...args] = asUser(user, own);
  console.log(`    ${own.at(-1)?.slice(0, 150).replaceAll(folder, '')}`);
  execFileSync(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
};

/** The machine's environment (registry settings, proxies, certificates) without what would change the services. */
function baseEnvironment(): Record<string, string> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  copyFileSync(process.execPath, join(bin, 'node')); // where it is now another user may not reach it
  chmodSync(join(bin, 'node'), 0o755);
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TRINO_GATEWAY_|NODE_OPTIONS$|NODE_COMPILE)/.test(name),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), PATH: `${bin}:${process.env.PATH}` };
}

/** Starts a service as its image would, on free ports, and waits until it is ready. */
async function start(service: Service, image: ImageFolder, gatewayserverUrl: string): Promise<string> {
  const [port, ops] = await freePorts(2);
  const prefix = `TRINO_GATEWAY_${service.toUpperCase()}_`;
  const env: Record<string, string> = { ...image.env, [`${prefix}OPS_LISTEN`]: `127.0.0.1:${ops}` };
  if (service !== 'monitor') env[`${prefix}LISTEN`] = `127.0.0.1:${port}`;
  if (service !== 'gatewayserver') env[`${prefix}GATEWAYSERVER_URL`] = gatewayserverUrl;
  const [command = '', ...args] = asUser(image.user, image.cmd);
  const program = await startProgram({ command, args, cwd: image.workdir, env, onLine: (line) => console.log(line) });
  running.push({ service, program });
  const began = performance.now();
  const isReady = async () =>
    (await fetch(`http://127.0.0.1:${ops}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  await untilReady(program, service, { isReady, timeLimitMs: READY_WITHIN_MS, pauseMs: 100 });
  console.log(
    `    ready after ${Math.round(performance.now() - began)} ms as ${isRoot ? `user ${image.user}` : 'myself'}`,
  );
  return `http://127.0.0.1:${port}`;
}

/** Files that no code imports: are they in the image? */
async function checkFiles(url: string): Promise<void> {
  for (const path of ['/admin/openapi.json', '/admin/swaggerui/', '/admin/swaggerui/swagger-ui-bundle.js']) {
    const { status } = await fetch(url + path, { signal: AbortSignal.timeout(20_000) });
    if (status !== 200) throw new Error(`${path}: expected 200, got ${status}`);
  }
}

async function stop({ service, program }: (typeof running)[number]): Promise<void> {
  const began = performance.now();
  const { code, signal } = await program.stop(15_000);
  console.log(`    ${service} ended with ${code ?? signal} after ${Math.round(performance.now() - began)} ms`);
  if (code !== 0) throw new Error(`${service}: expected exit code 0 on SIGTERM`);
}

const asked = process.argv.slice(2);
const unknown = asked.filter((one) => !(SERVICES as readonly string[]).includes(one));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; known are ${SERVICES.join(', ')}`);
  process.exit(2);
}
// The others need a gatewayserver, so it is always built.
const services = SERVICES.filter(
  (service) => service === 'gatewayserver' || asked.length === 0 || asked.includes(service),
);
if (!isRoot) console.log('not root: steps and services run as this user, not as the one the images name');
let passed = 0;
let failed = 0;
try {
  chmodSync(folder, 0o755);
  const imageOf = imageFolders('deploy/Dockerfile', ROOT, folder, baseEnvironment(), run);
  let gatewayserverUrl = '';
  for (const service of services) {
    console.log(`=== deploy/Dockerfile, target ${service}`);
    const image = imageOf(service);
    const url = await start(service, image, gatewayserverUrl);
    if (service === 'gatewayserver') {
      gatewayserverUrl = url;
      await checkFiles(url);
    }
    passed++;
  }
} catch (error) {
  failed++;
  console.error(`    ${(error as Error).message}`);
} finally {
  for (const one of running.reverse()) {
    await stop(one).catch((error: Error) => {
      failed++;
      console.error(`    ${error.message}`);
    });
  }
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
