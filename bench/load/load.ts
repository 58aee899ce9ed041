import { startProgram } from '@trino-gateway/testing/processes/start-program';
import { type GoProgram, goProgram } from './go-program.ts';
import { nodeLoad } from './node-load.ts';
import type { LoadName, LoadOptions, Run, Watch, Where } from './options.ts';

export type { LoadName, LoadOptions, Run, Where };

/** Compiled at the first import; undefined without Go. */
export const program: GoProgram | undefined = await goProgram();

/** Runs a load to its end. @throws Error when an answer is not 200, or broken */
export async function runLoad(
  name: LoadName,
  { url, ca }: Where,
  options: LoadOptions,
  watch: Watch = {},
): Promise<Run> {
  const where: Where = { url, ...(ca !== undefined && { ca }) };
  if (program === undefined) return nodeLoad(name, where, options, watch);
  const flags = Object.entries({ ...where, ...options }).map(([key, value]) => `--${key}=${value}`);
  let found: Run | undefined;
  const running = await startProgram({
    command: program.path,
    args: [name, ...flags],
    onLine: (line) => {
      if (line === 'ready') watch.begun?.();
      else if (line === 'over') watch.over?.();
      else if (line.startsWith('{')) found = JSON.parse(line) as Run;
    },
  });
  await running.ended;
  if (found === undefined) throw new Error(`the load failed: ${running.output()}`);
  return found;
}
