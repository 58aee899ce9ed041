import { rm } from 'node:fs/promises';
import { accepts } from '@trino-gateway/testing/processes/nginx';
import type { RunningProgram } from '@trino-gateway/testing/processes/start-program';
import { untilReady } from '@trino-gateway/testing/processes/until-ready';
import type { Where } from '../load/load.ts';

const STOP_MS = 10_000;
const READY_MS = 20_000;

/** Something between the client and the coordinator, or that itself. */
export type Contender = {
  name: string;
  url: string;
  /** Where clients connect with TLS; absent where it has none. */
  tls?: Where;
  /** The processes whose cost is its cost; those that they have started are counted as well. */
  pids: readonly number[];
  /** Its code is compiled while it runs: the first runs of each kind do not count. */
  warmsUp?: true;
};

/** Waits until a program accepts clients; disposing of it stops the program and removes its folder. */
export async function running(
  name: string,
  program: RunningProgram,
  ports: { plain: number; tls?: number | undefined; ca?: string },
  folder?: string,
): Promise<AsyncDisposable & Contender> {
  const { plain, tls, ca } = ports;
  await untilReady(program, name, { isReady: () => accepts(plain), timeLimitMs: READY_MS });
  return {
    name,
    url: `http://127.0.0.1:${plain}`,
    ...(tls !== undefined && { tls: { url: `https://127.0.0.1:${tls}`, ...(ca !== undefined && { ca }) } }),
    pids: [program.pid],
    [Symbol.asyncDispose]: async () => {
      await program.stop(STOP_MS);
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
