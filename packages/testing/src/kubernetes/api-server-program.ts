import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MissingToolError } from '../toolchains/missing-tool.ts';
import { need, PREPARE_MS } from '../toolchains/need.ts';
import { prepared } from '../toolchains/prepared.ts';
import { runCommand } from '../toolchains/run-command.ts';

const SOURCE = join(import.meta.dirname, 'apiserver');

/**
 * The built API server, from the libraries that Kubernetes itself is made of. Two minutes of processor time once, so without
 * optimisation and without C; what the compiler leaves behind, 1.3 GB, goes at once.
 * @throws MissingToolError without a Go that is new enough
 */
export async function apiServerProgram(): Promise<string> {
  const wanted = Number(/^go 1\.(\d+)/m.exec(await readFile(join(SOURCE, 'go.mod'), 'utf8'))?.[1]);
  const found = /^go1\.(\d+)/.exec(await need('go', ['env', 'GOVERSION'], 'Go'));
  if (found === null || Number(found[1]) < wanted) throw new MissingToolError(`needs Go 1.${wanted} or newer`);
  const files = (await readdir(SOURCE)).map((name) => join(SOURCE, name));
  const folder = await prepared('kubernetes-api-server', files, async (part) => {
    const compiled = await mkdtemp(join(tmpdir(), 'go-build-'));
    try {
      const env = {
        ...process.env,
        CGO_ENABLED: '0',
        GOCACHE: compiled,
        GOFLAGS: '-mod=readonly',
        GOGC: '400',
        GOTOOLCHAIN: 'local',
      };
      const args = ['build', '-gcflags=all=-N -l', '-ldflags=-s -w', '-o', join(part, 'api-server'), '.'];
      await runCommand('go', args, { cwd: SOURCE, env, timeoutMs: PREPARE_MS });
    } finally {
      await rm(compiled, { recursive: true, force: true });
    }
  });
  return join(folder, 'api-server');
}
