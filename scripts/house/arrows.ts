import { dirname } from 'node:path';
import { byFolder, importsOf, isForTests, type Source } from './folders.ts';

/** An override of biome.json, as far as it says what may be imported. */
export type LintRow = {
  includes: string[];
  linter: { rules: { style?: { noRestrictedImports?: { options: { patterns: unknown[] } } } } };
};

const needsRow = (folder: string) => !/^(services|packages)\/[^/]+\/src$/.test(folder);

/** Folders whose imports no lint row limits, and rows of folders that are not there. */
export function rowProblems(sources: Source[], rows: LintRow[]): string[] {
  const folders = [...byFolder(sources.filter(({ path }) => !isForTests(path))).keys()].filter(needsRow);
  const limited = new Set(
    rows
      .filter(({ linter }) => (linter.rules.style?.noRestrictedImports?.options.patterns.length ?? 0) > 0)
      .flatMap(({ includes }) => includes.filter((glob) => !glob.startsWith('!') && glob.endsWith('/**')))
      .map((glob) => glob.slice(0, -'/**'.length)),
  );
  const known = sources.map(({ path }) => path);
  return [
    ...folders
      .filter((folder) => !limited.has(folder))
      .map((folder) => `${folder}: no lint row in biome.json says what it may import`),
    ...[...limited]
      .filter((folder) => !folder.includes('*') && !known.some((path) => path.startsWith(`${folder}/`)))
      .map((folder) => `biome.json: a lint row is about ${folder}, which is not there`),
  ];
}

/** Arrows between folders that lead back to where they came from: tests may import whatever they test. */
export function circleProblems(sources: Source[]): string[] {
  const arrows = new Map<string, Set<string>>();
  for (const source of sources.filter(({ path }) => !isForTests(path))) {
    const from = dirname(source.path);
    const to = arrows.get(from) ?? new Set();
    for (const imported of importsOf(source)) if (dirname(imported) !== from) to.add(dirname(imported));
    arrows.set(from, to);
  }
  const reachable = (folder: string, seen = new Set<string>()) => {
    for (const below of arrows.get(folder) ?? []) if (!seen.has(below)) reachable(below, seen.add(below));
    return seen;
  };
  const circles = [...arrows.keys()].flatMap((folder) => {
    const around = [...(arrows.get(folder) ?? [])].filter((below) => reachable(below).has(folder));
    return around.map((below) => `${folder} imports from ${below}, which leads back to it`);
  });
  return circles;
}
