import { byFolder, isForTests, isTest, type Source } from './folders.ts';

const MOST_FILES = 15;
const MOST_LINES = 300;
const MEDIAN_LINES = 60;

const lines = ({ text }: Source) => text.split('\n').length - 1;

/** Folders with too many files beside each other (tests apart), files that are too long, and a median that has grown. */
export function sizeProblems(sources: Source[]): string[] {
  const crowded = [...byFolder(sources.filter(({ path }) => !isTest(path)))]
    .filter(([, files]) => files.length > MOST_FILES)
    .map(([folder, files]) => `${folder}: ${files.length} files beside each other, at most ${MOST_FILES}`);
  const long = sources
    .filter((source) => lines(source) > MOST_LINES)
    .map((source) => `${source.path}: ${lines(source)} lines, at most ${MOST_LINES}`);
  const own = sources
    .filter(({ path }) => !isForTests(path))
    .map(lines)
    .sort((a, b) => a - b);
  const median = own[Math.floor(own.length / 2)] ?? 0;
  const grown = median > MEDIAN_LINES ? [`the median file has ${median} lines, at most ${MEDIAN_LINES}`] : [];
  return [...crowded, ...long, ...grown];
}
