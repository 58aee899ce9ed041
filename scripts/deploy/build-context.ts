import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What `docker build .` would see: the files of the work tree that .dockerignore leaves in. */
export function copyContext(context: string, files: string): void {
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

/** Which paths of the build context a .dockerignore leaves in: the last line that matches a path or a parent of it counts. */
export function readDockerignore(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keeps: line.startsWith('!'), matches: pattern(line.replace(/^!/, '').replace(/\/$/, '')) }));
  return (path) => rules.findLast(({ matches }) => matches.test(path))?.keeps ?? true;
}

function pattern(glob: string): RegExp {
  const source = glob
    .split('/')
    .map((part) => (part === '**' ? '**' : part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')))
    .join('/')
    .replaceAll('**/', '(?:.*/)?');
  return new RegExp(`^${source}(?:/.*)?$`);
}
