import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from '@trino-gateway/testing/suite/start-script';
import { type Suite, type SuiteOptions, startSuite } from '@trino-gateway/testing/suite/suite';
import { parse } from 'yaml';
import { must, type Row, row } from './rows.ts';

// What is planted, to be looked for where it must not be.

/** What alice proves to be herself with. */
export const PASSWORD = 'planted-password-1';
/** What somebody guesses. */
export const WRONG_PASSWORD = 'planted-guess-2';
/** The administrator's. */
export const TOKEN = 'planted-token-3';
/** Of the authentication provider. */
export const PROVIDER_KEY = 'planted-key-4';
/** A literal of a statement. */
export const LITERAL = 'planted-literal-5';

const PLANTED = [PASSWORD, WRONG_PASSWORD, TOKEN, PROVIDER_KEY, LITERAL];
const ENCODED = [PASSWORD, WRONG_PASSWORD].map((password) => Buffer.from(`alice:${password}`).toString('base64'));

/** Those of them that stand in a text, also as a client sends them. */
export function secretsIn(text: string): string[] {
  return [...PLANTED, ...ENCODED].filter((secret) => text.includes(secret));
}

/** An Authorization line. */
export function basic(user: string, password = PASSWORD): string[] {
  return ['Authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`];
}

/** The three processes, with the heaps they have in their shipped containers, on a SQLite file in a folder they make. */
export type AttackSuite = Suite & { readonly dataFolder: string };

const SERVICES = ['gatewayserver', 'monitor', 'router'] as const satisfies readonly ServiceName[];
/** What a process prints of a failure that nothing was written for. */
const UNFORESEEN = /nobody foresaw|unhandled|uncaught|internal error|RangeError|TypeError/i;

/** Starts it; `await using` ends it and removes what it stored. */
export async function startAttackSuite(options: SuiteOptions = {}): Promise<AttackSuite> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-attack-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const dataFolder = join(folder, 'data');
  const suite = started.use(
    await startSuite({
      databaseUrl: `sqlite:${dataFolder}/gateway.db`,
      nodeOptions: Object.fromEntries(SERVICES.map((service) => [service, shippedNodeOptions(service)])),
      ...options,
    }),
  );
  const owned = started.move();
  return { ...suite, dataFolder, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The memory limit of a service's container in the Kubernetes manifests, in megabytes. */
export function shippedMemoryMb(service: ServiceName): number {
  const { limits } = shippedContainer(service).resources;
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(limits.memory) ?? [];
  if (number === undefined) throw new Error(`the manifest of ${service} limits memory to ${limits.memory}`);
  return Number(number) * (unit === 'Gi' ? 1_024 : 1);
}

/** Node takes half of a container's memory for its heap, unless the manifest says how much. */
function shippedNodeOptions(service: ServiceName): string {
  const { env = [] } = shippedContainer(service);
  const said = env.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '';
  return said.includes('--max-old-space-size') ? said : `--max-old-space-size=${shippedMemoryMb(service) / 2} ${said}`;
}

type Container = { env?: { name: string; value?: string }[]; resources: { limits: { memory: string } } };

function shippedContainer(service: ServiceName): Container {
  const text = readFileSync(new URL(`../../../deploy/kubernetes/${service}/deployment.yaml`, import.meta.url), 'utf8');
  const { spec } = parse(text) as { spec: { template: { spec: { containers: Container[] } } } };
  const [container] = spec.template.spec.containers;
  if (container === undefined) throw new Error(`the manifest of ${service} has no container`);
  return container;
}

/** What must hold of the logs of a suite at its end, whatever was done to it. */
export async function logRows(what: string, { gatewayserver, monitor, router }: Suite): Promise<Row[]> {
  const log = [gatewayserver, monitor, router].map(({ output }) => output()).join('\n');
  return [
    await row(`${what}: no log line holds a secret, and none a literal of SQL`, 1_000, () => {
      must(secretsIn(log).length === 0, `the logs hold ${secretsIn(log).join(', ')}`);
      return `${log.length} characters`;
    }),
    await row(`${what}: no log line tells of a failure nobody foresaw`, 1_000, () => {
      const lines = log.split('\n').filter((line) => UNFORESEEN.test(line));
      must(lines.length === 0, `${lines.length} lines: ${lines[0]}`);
      return 'none';
    }),
  ];
}

/** The three processes that run, by name. */
export function processesOf({ gatewayserver, monitor, router }: Suite) {
  return { gatewayserver, monitor, router } as const;
}

/** The most memory that a process had resident since it began, or since it was forgotten, in megabytes. */
export function peakMb(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}

/** Begins anew with what it has now. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Connections that are open to a port of this machine. */
export function connectionsTo(port: number): number {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')} 01 `;
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return lines.filter((line) => line.includes(wanted)).length;
}

/** How long the main thread of a process has run, and how long it was ready to and other processes had the cores. */
export function scheduled(pid: number): { ranNs: number; waitedNs: number } {
  try {
    const [ran, waited] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return { ranNs: Number(ran), waitedNs: Number(waited) };
  } catch {
    return { ranNs: 0, waitedNs: 0 };
  }
}
