import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { circleProblems, lineProblems } from './arrows.ts';
import { readSources } from './folders.ts';
import { lintRows, readRooms } from './plan.ts';
import { sizeProblems } from './sizes.ts';

// The plan of the house: which folder may import from which, and how large folders and files may be. Part of make check.

const root = join(import.meta.dirname, '../..');
const rooms = readRooms(join(import.meta.dirname, 'rooms.yaml'));
const sources = readSources(root);
const isGenerated = isDeepStrictEqual(
  JSON.parse(readFileSync(join(root, 'biome.rooms.json'), 'utf8')),
  lintRows(rooms),
);
const problems = [
  ...(isGenerated ? [] : ['biome.rooms.json differs from scripts/house/rooms.yaml: run make generate']),
  ...lineProblems(sources, rooms),
  ...circleProblems(sources),
  ...sizeProblems(sources),
];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
