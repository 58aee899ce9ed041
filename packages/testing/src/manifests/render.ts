import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { buildOnce, cacheFolder } from '../toolchains/cache.ts';
import { findInPath } from '../toolchains/find-in-path.ts';
import { MissingToolError } from '../toolchains/missing-tool.ts';
import { PREPARE_MS } from '../toolchains/need.ts';
import { runCommand } from '../toolchains/run-command.ts';

const KUSTOMIZE = '5.7.1';
const RENDER_MS = 120_000;
const MOST_BYTES = 16 * 1_048_576;

/** Renders a kustomize folder, with components if there are some, to the text that `kubectl apply -k` would send. */
export type Render = (folder: string, components?: readonly string[]) => Promise<string>;

/**
 * What renders here without a cluster and without a network: kubectl, else kustomize, else kustomize built by Go, once.
 * @throws MissingToolError when there is none of them
 */
export async function findRenderer(env: NodeJS.ProcessEnv = process.env): Promise<Render> {
  const command = await findCommand(env);
  const run = async (folder: string) => {
    const [program = '', ...args] = command;
    const { stdout } = await promisify(execFile)(program, [...args, folder], {
      timeout: RENDER_MS,
      maxBuffer: MOST_BYTES,
    });
    return stdout;
  };
  return async (folder, components = []) => {
    if (components.length === 0) return run(folder);
    const overlay = await mkdtemp(join(tmpdir(), 'overlay-'));
    try {
      const below = (path: string) => relative(overlay, path);
      const kustomization = { resources: [below(folder)], components: components.map(below) };
      await writeFile(join(overlay, 'kustomization.yaml'), JSON.stringify(kustomization));
      return await run(overlay);
    } finally {
      await rm(overlay, { recursive: true });
    }
  };
}

async function findCommand(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  if ((await findInPath('kubectl', env)) !== undefined) return ['kubectl', 'kustomize'];
  if ((await findInPath('kustomize', env)) !== undefined) return ['kustomize', 'build'];
  if ((await findInPath('go', env)) === undefined)
    throw new MissingToolError('needs kubectl or kustomize, or Go to build kustomize');
  const folder = await buildOnce(join(cacheFolder(env), `kustomize-${KUSTOMIZE}`), async (part) => {
    const module = `sigs.k8s.io/kustomize/kustomize/v5@v${KUSTOMIZE}`;
    await mkdir(part, { recursive: true });
    await runCommand('go', ['install', module], { env: { ...env, GOBIN: part }, timeoutMs: PREPARE_MS });
  });
  return [join(folder, 'kustomize'), 'build'];
}
