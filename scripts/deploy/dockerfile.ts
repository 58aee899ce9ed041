/** One instruction of a Dockerfile; `words` when its argument is a JSON list or can be split at blanks. */
export type Instruction = { name: string; text: string; words: readonly string[] };

/** What follows one FROM. */
export type Stage = { image: string; name: string; instructions: readonly Instruction[] };

/** Reads the part of the Dockerfile language that ours use. @throws Error naming what it does not know */
export function parseDockerfile(text: string): Stage[] {
  const stages: { image: string; name: string; instructions: Instruction[] }[] = [];
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') {
      const [image = '', as, stage = ''] = rest.split(/\s+/);
      if (as !== 'AS' || stage === '') throw new Error(`expected a name: ${line}`);
      stages.push({ image, name: stage, instructions: [] });
      continue;
    }
    if (!KNOWN.has(name)) throw new Error(`unknown instruction: ${line}`);
    const stage = stages.at(-1);
    if (!stage) throw new Error(`expected FROM before: ${line}`);
    stage.instructions.push({ name, text: rest, words: wordsOf(rest) });
  }
  return stages;
}

const KNOWN = new Set(['WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'VOLUME', 'EXPOSE', 'LABEL', 'ENTRYPOINT', 'CMD']);

function wordsOf(text: string): string[] {
  return text.startsWith('[') ? (JSON.parse(text) as string[]) : text.split(/\s+/);
}

/** The stages that a target is made of, each after those that it goes on from or copies from. @throws Error without it */
export function stagesOf(stages: readonly Stage[], target: string): Stage[] {
  const stage = stages.find(({ name }) => name === target);
  if (!stage) throw new Error(`there is no target ${target}`);
  const copied = stage.instructions.flatMap(({ words }) =>
    words.flatMap((word) => (word.startsWith('--from=') ? [word.slice('--from='.length)] : [])),
  );
  const below = [...(isStage(stages, stage.image) ? [stage.image] : []), ...copied];
  return [...new Set([...below.flatMap((name) => stagesOf(stages, name)), stage])];
}

/** What a target is run with: the stage itself and those it goes on from, its own instructions last. */
export function lineOf(stages: readonly Stage[], target: string): Stage[] {
  const stage = stages.find(({ name }) => name === target);
  return stage ? [...lineOf(stages, stage.image), stage] : [];
}

/** The images from outside that a Dockerfile starts from. */
export function baseImages(stages: readonly Stage[]): string[] {
  return stages.map(({ image }) => image).filter((image) => !isStage(stages, image));
}

/** The last instruction of that name in a target, or in what it goes on from. */
export function lastOf(stages: readonly Stage[], target: string, name: string): Instruction | undefined {
  return lineOf(stages, target)
    .flatMap(({ instructions }) => instructions)
    .findLast((one) => one.name === name);
}

function isStage(stages: readonly Stage[], name: string): boolean {
  return stages.some((stage) => stage.name === name);
}
