import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../processes/free-ports.ts';
import { type RunningProgram, startProgram } from '../processes/start-program.ts';
import { untilReady } from '../processes/until-ready.ts';
import { createCertificateAuthority } from '../tls/certificate-authority.ts';
import { unpackedPackage } from '../toolchains/debian-packages.ts';
import { apiServerProgram } from './api-server-program.ts';
import { FLEETS, TRINO_CLUSTERS } from './custom-resources.ts';
import { type KubernetesCalls, kubernetesCalls } from './kubernetes-calls.ts';
import { type KubernetesFront, startFront } from './kubernetes-front.ts';

/** What a user may do, as in a role of Kubernetes; `*` is all. */
export type Rule = { verbs: string[]; groups: string[]; resources: string[]; namespaces: string[] };

/** A real API server with a real etcd, that knows TrinoClusters, Fleets (which have a scale subresource), Services and EndpointSlices. */
export type RunningKubernetes = AsyncDisposable & {
  /** As an administrator, past the front. */
  calls: KubernetesCalls;
  /** What kubeconfig files lead to: it counts what passes, and fails when it is told to. */
  front: KubernetesFront;
  /** The path of a kubeconfig file of that user. */
  kubeconfig(user: string): string;
  /** Ends the API server as a power cut does. What it stored stays. */
  kill(): Promise<void>;
  start(): Promise<void>;
};

const START_MS = 120_000;
const ADMINISTRATOR = 'administrator';
const ALL: Rule = { verbs: ['*'], groups: ['*'], resources: ['*'], namespaces: ['*'] };

/**
 * Builds the API server and fetches etcd if that was never done, and starts them.
 * @param users what each of them may do
 * @throws MissingToolError without Go or Debian's packages
 */
export async function startKubernetes(users: Record<string, Rule[]>): Promise<RunningKubernetes> {
  const program = await apiServerProgram();
  const etcd = join(await unpackedPackage('etcd-server', 'own'), 'usr', 'bin', 'etcd');
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const [client = 0, peer = 0, port = 0] = await freePorts(3);
  const authority = createCertificateAuthority();
  const own = authority.issue(['127.0.0.1']);
  const rules = { ...users, [ADMINISTRATOR]: [ALL] };
  await writeFile(join(folder, 'tls.crt'), own.cert + authority.cert);
  await writeFile(join(folder, 'tls.key'), own.key);
  await writeFile(join(folder, 'rules'), JSON.stringify(rules));
  await writeFile(
    join(folder, 'tokens'),
    Object.keys(rules)
      .map((user) => `${tokenOf(user)},${user},${user}\n`)
      .join(''),
  );
  started.use(await startEtcd(etcd, join(folder, 'data'), client, peer));

  const url = `https://127.0.0.1:${port}`;
  const calls = kubernetesCalls(url, authority.cert, tokenOf(ADMINISTRATOR));
  let running: RunningProgram | undefined;
  started.defer(async () => void (await running?.kill()));
  const start = async () => {
    running = await startProgram({
      command: program,
      args: [
        `-etcd=http://127.0.0.1:${client}`,
        `-address=127.0.0.1:${port}`,
        '-cert=tls.crt',
        '-key=tls.key',
        '-tokens=tokens',
        '-rules=rules',
      ],
      cwd: folder,
    });
    const isReady = async () => (await calls.status('GET', '/readyz')) === 200;
    await untilReady(running, 'the API server', { isReady, timeLimitMs: START_MS, pauseMs: 100 });
  };
  await start();
  for (const definition of [TRINO_CLUSTERS, FLEETS]) await calls.define(definition);

  const front = started.use(await startFront(url, authority));
  for (const user of Object.keys(rules))
    await writeFile(join(folder, `${user}.kubeconfig`), kubeconfig(front.url, authority.cert, tokenOf(user)));
  const owned = started.move();
  return {
    calls,
    front,
    kubeconfig: (user) => join(folder, `${user}.kubeconfig`),
    kill: async () => void (await running?.kill()),
    start,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startEtcd(command: string, data: string, client: number, peer: number): Promise<AsyncDisposable> {
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const program = await startProgram({
    command,
    args: [
      `--data-dir=${data}`,
      `--listen-client-urls=${at(client)}`,
      `--advertise-client-urls=${at(client)}`,
      `--listen-peer-urls=${at(peer)}`,
      `--initial-advertise-peer-urls=${at(peer)}`,
      `--initial-cluster=default=${at(peer)}`,
      '--unsafe-no-fsync',
    ],
  });
  const isReady = async () => (await fetch(`${at(client)}/health`, { signal: AbortSignal.timeout(2_000) })).ok;
  await untilReady(program, 'etcd', { isReady, timeLimitMs: START_MS, pauseMs: 50 });
  return { [Symbol.asyncDispose]: () => program.kill() };
}

function tokenOf(user: string): string {
  return `token-of-${user}`;
}

function kubeconfig(server: string, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
    'current-context': 'test',
  });
}
