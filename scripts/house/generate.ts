import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lintRows, readRooms } from './plan.ts';

// biome.rooms.json, from the plan of the folders. Part of make generate.

const rows = lintRows(readRooms(join(import.meta.dirname, 'rooms.yaml')));
writeFileSync(join(import.meta.dirname, '../../biome.rooms.json'), `${JSON.stringify(rows, null, 2)}\n`);
