import { dirname } from 'node:path';
import { byFolder, importsOf, isForTests, type Source } from './folders.ts';
import type { Room } from './plan.ts';

const needsLine = (folder: string) => !/^(services|packages)\/[^/]+\/src$/.test(folder);

/** Folders whose imports no line of the plan limits, and lines about folders that are not there. */
export function lineProblems(sources: Source[], rooms: Pick<Room, 'folder'>[]): string[] {
  const folders = [...byFolder(sources.filter(({ path }) => !isForTests(path))).keys()].filter(needsLine);
  const planned = new Set(rooms.map(({ folder }) => folder));
  const paths = sources.map(({ path }) => path);
  return [
    ...folders
      .filter((folder) => !planned.has(folder))
      .map((folder) => `${folder}: no line in scripts/house/rooms.yaml says what it may import`),
    ...[...planned]
      .filter((folder) => !paths.some((path) => path.startsWith(`${folder}/`)))
      .map((folder) => `scripts/house/rooms.yaml: there is no folder ${folder}`),
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
