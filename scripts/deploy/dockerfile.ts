/** One instruction of a Dockerfile; `words` when its argument is a JSON list or can be split at blanks. */
export type Instruction = { name: string; text: string; words: readonly string[] };

/** What follows one FROM. */
export type Stage = { image: string; name: string | undefined; instructions: readonly Instruction[] };

/** Reads the part of the Dockerfile language that ours use. @throws Error naming what it does not know */
export function parseDockerfile(text: string): Stage[] {
  const stages: { image: string; name: string | undefined; instructions: Instruction[] }[] = [];
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') {
      const [image = '', as, stage] = rest.split(/\s+/);
      stages.push({ image, name: as === 'AS' ? stage : undefined, instructions: [] });
      continue;
    }
    if (!KNOWN.has(name)) throw new Error(`unknown instruction: ${line}`);
    const stage = stages.at(-1);
    if (!stage) throw new Error(`expected FROM before: ${line}`);
    stage.instructions.push({ name, text: rest, words: wordsOf(rest) });
  }
  return stages;
}

const KNOWN = new Set(['WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'VOLUME', 'EXPOSE', 'HEALTHCHECK', 'CMD']);

function wordsOf(text: string): string[] {
  const list = text.indexOf('["');
  return list >= 0 ? (JSON.parse(text.slice(list)) as string[]) : text.split(/\s+/);
}

/** The last instruction of that name in the last stage. */
export function lastOf(stages: readonly Stage[], name: string): Instruction | undefined {
  return stages.at(-1)?.instructions.findLast((one) => one.name === name);
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
