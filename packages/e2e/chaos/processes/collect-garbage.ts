import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';
import { openDebugger } from './debugger.ts';

/** Has a process collect its garbage, by its debugger, so that what its memory holds then is in use. @throws Error when it does not */
export async function collectGarbage(process: Pick<ServiceProcess, 'pid' | 'output'>): Promise<void> {
  using opened = await openDebugger(process);
  await opened.ask('HeapProfiler.collectGarbage');
}
