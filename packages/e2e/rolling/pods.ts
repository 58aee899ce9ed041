import { findRenderer } from '@trino-gateway/testing/manifests/render';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import type { ServiceName } from '@trino-gateway/testing/suite/start-script';
import { type ServiceProcess, startService } from '@trino-gateway/testing/suite/start-service';
import { runCommand } from '@trino-gateway/testing/toolchains/run-command';
import { parseAllDocuments } from 'yaml';
import type { Endpoint } from './service-address.ts';

/** What the manifests of a service say of the end of a pod. */
export type Ending = { readonly hook: string | undefined; readonly graceMs: number };

/** A process in the place of a pod. */
export type Pod = Endpoint & { readonly process: ServiceProcess };

const OVERLAY = new URL('../../../deploy/kubernetes/overlays/mysql', import.meta.url).pathname;

/** How pods of each service are ended, as it is rendered. @throws MissingToolError where nothing renders */
export async function renderedEndings(): Promise<Record<ServiceName, Ending>> {
  const render = await findRenderer();
  type Container = { lifecycle?: { preStop: { exec: { command: string[] } } } };
  type Template = { spec: { terminationGracePeriodSeconds: number; containers: Container[] } };
  type Deployment = { kind: string; metadata: { name: string }; spec: { template: Template } };
  const deployments = parseAllDocuments(await render(OVERLAY))
    .map((document) => document.toJS() as Deployment)
    .filter(({ kind }) => kind === 'Deployment');
  const endings = deployments.map(({ metadata, spec }) => {
    const { terminationGracePeriodSeconds, containers } = spec.template.spec;
    const hook = containers[0]?.lifecycle?.preStop.exec.command.at(-1);
    return [metadata.name, { hook, graceMs: terminationGracePeriodSeconds * 1_000 }] as const;
  });
  return Object.fromEntries(endings) as Record<ServiceName, Ending>;
}

/** Starts a process that listens on free ports, and waits until it is ready, as the update of a Deployment does. */
export async function startPod(service: ServiceName, settings: Record<string, string>): Promise<Pod> {
  const [port = 0, ops = 0] = await freePorts(2);
  const [url, opsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${ops}`];
  const listen = service === 'monitor' ? {} : { LISTEN: `127.0.0.1:${port}` };
  const all = { ...listen, OPS_LISTEN: `127.0.0.1:${ops}`, ...settings };
  return { url, opsUrl, process: await startService(service, all, opsUrl) };
}

/**
 * Ends a pod as Kubernetes does: the hook to its end, then SIGTERM; SIGKILL when both took longer than the grace period.
 * @returns how the process ended, and how long that took
 */
export async function endPod(
  { process }: Pod,
  { hook, graceMs }: Ending,
): Promise<{ code: number | null; ms: number }> {
  const began = performance.now();
  // In a container the process is number 1.
  const own = hook?.replace(/\bkill -USR2 1\b/, `kill -USR2 ${process.pid}`);
  if (own !== undefined) await runCommand('sh', ['-c', own], { timeoutMs: graceMs });
  const late = setTimeout(() => void process.kill(), graceMs - (performance.now() - began));
  const { code } = await process.stop().finally(() => clearTimeout(late));
  return { code, ms: performance.now() - began };
}
