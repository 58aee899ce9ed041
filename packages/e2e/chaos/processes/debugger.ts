import { until } from '@trino-gateway/testing/processes/until';
import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';

/** The debugger of a process; the process runs on. */
export type Debugger = Disposable & {
  /** Calls a method of it. @throws Error when it fails, or has not answered within half a minute */
  ask(method: string, parameters?: Record<string, unknown>): Promise<unknown>;
};

const LIMIT_MS = 30_000;

type Answer = { id?: number; result?: unknown; error?: { message: string } };

/** Opens it, as SIGUSR1 does. @throws Error when the process offers none */
export async function openDebugger({ pid, output }: Pick<ServiceProcess, 'pid' | 'output'>): Promise<Debugger> {
  process.kill(pid, 'SIGUSR1');
  const listening = () => /Debugger listening on (ws:\S+)/.exec(output())?.[1];
  const address = await until(`a debugger in process ${pid}`, listening, LIMIT_MS);
  const socket = new WebSocket(address);
  const opened = Promise.withResolvers<void>();
  const asked = new Map<number, PromiseWithResolvers<unknown>>();
  const fail = () => {
    const error = new Error(`the debugger of process ${pid} does not answer`);
    for (const { reject } of [opened, ...asked.values()]) reject(error);
  };
  socket.onopen = () => opened.resolve();
  socket.onerror = fail;
  socket.onclose = fail;
  socket.onmessage = ({ data }) => {
    const { id = 0, result, error } = JSON.parse(String(data)) as Answer;
    if (error === undefined) asked.get(id)?.resolve(result);
    else asked.get(id)?.reject(new Error(error.message));
    asked.delete(id);
  };
  await withinLimit(opened.promise, `no debugger of process ${pid}`);
  let number = 0;
  return {
    ask: (method, params = {}) => {
      number += 1;
      const answer = Promise.withResolvers<unknown>();
      asked.set(number, answer);
      socket.send(JSON.stringify({ id: number, method, params }));
      return withinLimit(answer.promise, `process ${pid} has not done ${method}`);
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

async function withinLimit<T>(answer: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what} within ${LIMIT_MS} ms`)), LIMIT_MS);
  return Promise.race([answer, late.promise]).finally(() => clearTimeout(timer));
}
