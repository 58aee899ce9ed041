import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** A hand-written source file: its path from the root of the clone, and what it says. */
export type Source = { path: string; text: string };

const WRITTEN = [
  'services/*/{src,tests}/**/*.ts',
  'packages/*/{src,tests}/**/*.ts',
  'packages/e2e/*/**/*.ts',
  '{scripts,bench}/**/*.ts',
];

const isGenerated = (path: string) => path.includes('/gen/') || path.includes('/node_modules/');

export const isTest = (path: string) => path.endsWith('.test.ts');

/** Whether a file is of the tests of a folder: a test, or what only tests use. */
export const isForTests = (path: string) => isTest(path) || path.split('/').includes('tests');

/** All TypeScript that people write, tests included. */
export function readSources(root: string): Source[] {
  return globSync(WRITTEN, { cwd: root })
    .filter((path) => !isGenerated(path))
    .sort()
    .filter((path, index, paths) => path !== paths[index - 1])
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export function byFolder(sources: Source[]): Map<string, Source[]> {
  return Map.groupBy(sources, ({ path }) => dirname(path));
}

const IMPORT =
  /(?:^|\n)(?:import|export)\b[^;'"]*?\bfrom '(\.[^']+)'|\bimport\('(\.[^']+)'\)|(?:^|\n)import '(\.[^']+)'/g;

/** The files that a file imports by a relative path. */
export function importsOf({ path, text }: Source): string[] {
  return [...text.matchAll(IMPORT)].map((found) =>
    normalize(join(dirname(path), found[1] ?? found[2] ?? found[3] ?? '')),
  );
}
