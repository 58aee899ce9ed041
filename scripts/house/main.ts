import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { circleProblems, type LintRow, rowProblems } from './arrows.ts';
import { readSources } from './folders.ts';
import { sizeProblems } from './sizes.ts';

// The plan of the house: which folder may import from which, and how large rooms may be. Part of make check.

const root = join(import.meta.dirname, '../..');
const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as { overrides: LintRow[] };
const sources = readSources(root);
const problems = [...rowProblems(sources, overrides), ...circleProblems(sources), ...sizeProblems(sources)];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
