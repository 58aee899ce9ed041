import { until } from '@trino-gateway/testing/processes/until';
import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';

const LIMIT_MS = 30_000;

/** Has a process collect its garbage, by its debugger, so that what its memory holds then is in use. @throws Error when it does not */
export async function collectGarbage({ pid, output }: Pick<ServiceProcess, 'pid' | 'output'>): Promise<void> {
  process.kill(pid, 'SIGUSR1');
  const listening = () => /Debugger listening on (ws:\S+)/.exec(output())?.[1];
  const address = await until(`a debugger in process ${pid}`, listening, LIMIT_MS);
  const signal = AbortSignal.timeout(LIMIT_MS);
  const socket = new WebSocket(address);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
  socket.onmessage = () => resolve();
  socket.onerror = () => reject(new Error(`the debugger of process ${pid} does not answer`));
  signal.onabort = () => reject(new Error(`process ${pid} has not collected its garbage within ${LIMIT_MS} ms`));
  await promise;
  socket.close();
}
