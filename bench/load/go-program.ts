import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { need, PREPARE_MS } from '@trino-gateway/testing/toolchains/need';
import { prepared } from '@trino-gateway/testing/toolchains/prepared';
import { runCommand } from '@trino-gateway/testing/toolchains/run-command';

const SOURCE = join(import.meta.dirname, 'program');

/** The compiled load and scripted coordinator, and the Go that was found; undefined where there is none. */
export type GoProgram = { path: string; version: string };

/** Compiles it once for what its sources say, into the cache outside the clone. */
export async function goProgram(): Promise<GoProgram | undefined> {
  try {
    const version = (await need('go', ['env', 'GOVERSION'], 'Go')).trim();
    const files = (await readdir(SOURCE)).map((name) => join(SOURCE, name));
    const folder = await prepared('bench-load', files, async (part) => {
      const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local' };
      const args = ['build', '-trimpath', '-o', join(part, 'load'), '.'];
      await runCommand('go', args, { cwd: SOURCE, env, timeoutMs: PREPARE_MS });
    });
    return { path: join(folder, 'load'), version };
  } catch (error) {
    if (error instanceof MissingToolError) return undefined;
    throw error;
  }
}
