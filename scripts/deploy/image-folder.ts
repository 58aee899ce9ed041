import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { copyContext } from './build-context.ts';
import { type Instruction, parseDockerfile, stagesOf } from './dockerfile.ts';

/** An image's content in a folder, and how it is run. */
export type ImageFolder = {
  workdir: string;
  env: Readonly<Record<string, string>>;
  /** uid:gid; undefined for root. */
  user: string | undefined;
  cmd: readonly string[];
};

type Carried = {
  root: string;
  workdir: string | undefined;
  env: Record<string, string>;
  user: string | undefined;
  cmd: readonly string[];
};

/** Runs a program with paths of the image turned into paths of the folder. */
export type RunAs = (
  user: string | undefined,
  program: readonly string[],
  cwd: string,
  env: Record<string, string>,
) => void;

/**
 * Carries a Dockerfile's steps out in folders instead of containers, each stage once. /app and /tmp of the image become
 * folders; everything else is this machine's: it takes the place of the base image, and of what is done to the system
 * before a stage has a working folder.
 * @param context the root of the repository
 * @returns what makes the image of a target
 */
export function imageFolders(
  dockerfile: string,
  context: string,
  folder: string,
  base: Record<string, string>,
  run: RunAs,
): (target: string) => ImageFolder {
  const stages = parseDockerfile(readFileSync(join(context, dockerfile), 'utf8'));
  const files = join(folder, 'context');
  copyContext(context, files);
  const done = new Map<string, Carried>();
  return (target) => {
    for (const stage of stagesOf(stages, target)) {
      if (done.has(stage.name)) continue;
      const carried = begin(join(folder, stage.name), done.get(stage.image), base);
      for (const one of stage.instructions) step(one, carried, files, done, run);
      done.set(stage.name, carried);
    }
    const carried = done.get(target);
    if (carried?.workdir === undefined) throw new Error(`${target}: expected WORKDIR`);
    const { root, workdir, env, user, cmd } = carried;
    return { workdir: join(root, workdir), env, user, cmd };
  };
}

/** A stage as it is before its first instruction: what the stage has that it goes on from. */
function begin(root: string, from: Carried | undefined, base: Record<string, string>): Carried {
  if (from) {
    execFileSync('cp', ['-alT', from.root, root]);
    const env = Object.entries(from.env).map(([key, value]) => [key, value.replaceAll(`${from.root}/`, `${root}/`)]);
    return { ...from, root, env: Object.fromEntries(env) };
  }
  mkdirSync(join(root, 'tmp'), { recursive: true });
  execFileSync('chmod', ['1777', join(root, 'tmp')]);
  return { root, workdir: undefined, env: { ...base }, user: undefined, cmd: [] };
}

function step(
  { name, text, words }: Instruction,
  at: Carried,
  files: string,
  done: Map<string, Carried>,
  run: RunAs,
): void {
  switch (name) {
    case 'WORKDIR':
      at.workdir = text;
      mkdirSync(join(at.root, text), { recursive: true });
      return;
    case 'ENV':
      for (const [, key = '', value = ''] of text.matchAll(/(\w+)=(\S*)/g))
        at.env[key] = inFolder(value, at.root).replaceAll('$PATH', at.env.PATH ?? '');
      return;
    case 'USER':
      at.user = text;
      at.env.HOME = join(at.root, 'tmp'); // until here this machine's own, where package managers keep their settings
      return;
    case 'COPY':
      copy(words, at, files, done);
      return;
    case 'RUN':
      // Never on this machine's system.
      if (at.workdir === undefined) return;
      run(at.user, ['bash', '-euc', inFolder(text, at.root)], join(at.root, at.workdir), at.env);
      return;
    case 'CMD':
      at.cmd = words;
      return;
  }
}

/** What the image calls /app/x or /tmp/x. */
function inFolder(text: string, root: string): string {
  return text.replaceAll(/(?<![\w./-])\/(app|tmp)(?=[/\s:"']|$)/g, `${root}/$1`);
}

function copy(words: readonly string[], at: Carried, files: string, done: Map<string, Carried>): void {
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  const origin = from === undefined ? files : done.get(from)?.root;
  if (origin === undefined) throw new Error(`COPY --from=${from}: no such stage`);
  const target = paths.at(-1) ?? '';
  const destination = target.startsWith('/') ? join(at.root, target) : join(at.root, at.workdir ?? '/', target);
  for (const path of paths.slice(0, -1)) {
    const source = join(origin, path);
    const into = target.endsWith('/') ? join(destination, basename(path)) : destination;
    mkdirSync(dirname(into), { recursive: true });
    // Links instead of copies: nothing of ours writes into a file that an earlier step left.
    execFileSync('cp', ['-alT', source, into]);
  }
}
