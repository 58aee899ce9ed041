import { describeError } from '@trino-gateway/runtime';
import type { StartExecutor } from './running/executor.ts';

/** Loads a script as it would be loaded for queries. @returns what is wrong with it */
export async function tryScript(start: StartExecutor): Promise<string | undefined> {
  const executor = start({ answered: () => {}, ended: () => {} });
  try {
    await executor.ready;
    return undefined;
  } catch (error) {
    return describeError(error);
  } finally {
    await executor.end();
  }
}
