import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Instruction, parseDockerfile, readDockerignore, type Stage } from './dockerfile.ts';

/** An image's content in a folder, and how it is run. */
export type ImageFolder = {
  workdir: string;
  env: Readonly<Record<string, string>>;
  /** uid:gid; undefined for root. */
  user: string | undefined;
  cmd: readonly string[];
  health: readonly string[];
};

type Carried = { root: string; workdir: string; env: Record<string, string>; user: string | undefined };

/** Runs a program with paths of the image turned into paths of the folder. */
export type RunAs = (
  user: string | undefined,
  program: readonly string[],
  cwd: string,
  env: Record<string, string>,
) => void;

/**
 * Carries a Dockerfile's steps out in a folder instead of a container. /app and /tmp of the image become folders; everything
 * else is this machine's: it takes the place of the base image.
 * @param context the root of the repository
 */
export function carryOut(
  dockerfile: string,
  context: string,
  folder: string,
  base: Record<string, string>,
  run: RunAs,
): ImageFolder {
  const stages = parseDockerfile(readFileSync(join(context, dockerfile), 'utf8'));
  const done = new Map<string, Carried>();
  const files = join(folder, 'context');
  copyContext(context, files);
  let last: Carried | undefined;
  let health: readonly string[] = [];
  let cmd: readonly string[] = [];
  stages.forEach((stage, index) => {
    const root = join(folder, `stage-${index}`);
    const carried: Carried = { root, workdir: '/', env: { ...base }, user: undefined };
    mkdirSync(join(root, 'tmp'), { recursive: true });
    execFileSync('chmod', ['1777', join(root, 'tmp')]);
    for (const one of stage.instructions) {
      if (one.name === 'CMD') cmd = one.words;
      else if (one.name === 'HEALTHCHECK') health = one.words;
      else step(one, carried, files, done, run);
    }
    if (stage.name) done.set(stage.name, carried);
    last = carried;
  });
  if (!last) throw new Error(`${dockerfile}: expected FROM`);
  const { root, workdir, env, user } = last;
  return { workdir: join(root, workdir), env, user, cmd, health };
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
      run(at.user, ['bash', '-euc', inFolder(text, at.root)], join(at.root, at.workdir), at.env);
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
  const destination = target.startsWith('/') ? join(at.root, target) : join(at.root, at.workdir, target);
  for (const path of paths.slice(0, -1)) {
    const source = join(origin, path);
    const into = target.endsWith('/') ? join(destination, basename(path)) : destination;
    mkdirSync(dirname(into), { recursive: true });
    // Links instead of copies: nothing of ours writes into a file that an earlier step left.
    execFileSync('cp', ['-alT', source, into]);
  }
}

/** What `docker build .` would see: the files of the work tree that .dockerignore leaves in. */
function copyContext(context: string, files: string): void {
  const keeps = readDockerignore(readFileSync(join(context, '.dockerignore'), 'utf8'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: context,
  });
  for (const path of new Set(listed.toString().split('\0'))) {
    if (path === '' || !keeps(path)) continue;
    mkdirSync(dirname(join(files, path)), { recursive: true });
    try {
      writeFileSync(join(files, path), readFileSync(join(context, path)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // deleted, not committed yet
    }
  }
}

/** The version of Node a stage starts from. */
export function nodeVersion({ image }: Stage): string | undefined {
  return /^node:(\d+\.\d+\.\d+)-/.exec(image)?.[1];
}
