import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { startService } from '@trino-gateway/testing/suite/start-service';

/** A router in a process of its own. */
export type RouterProcess = AsyncDisposable & {
  url: string;
  /** The most memory it had so far. */
  mostBytes(): Promise<number>;
  /** A metric without labels. */
  figure(name: string): Promise<number>;
};

/** What Node takes in a container with the memory limit of deploy/kubernetes/router: 560 MB in all. */
const HEAP = '--max-old-space-size=512';

/** Starts one with the heap that it has where the manifests run it. */
export async function startRouterProcess(gatewayserver: string): Promise<RouterProcess> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'router-'));
  started.defer(() => rm(folder, { recursive: true }));
  const [port, ops] = await freePorts(2);
  const opsUrl = `http://127.0.0.1:${ops}`;
  const settings = {
    LISTEN: `127.0.0.1:${port}`,
    OPS_LISTEN: `127.0.0.1:${ops}`,
    GATEWAYSERVER_URL: gatewayserver,
    STATE_FILE: join(folder, 'state.json'),
  };
  const { pid } = started.use(await startService('router', settings, opsUrl, { nodeOptions: HEAP }));
  const owned = started.move();
  return {
    url: `http://127.0.0.1:${port}`,
    mostBytes: async () => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
    },
    figure: async (name) => {
      const text = await (await fetch(`${opsUrl}/metrics`)).text();
      return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
