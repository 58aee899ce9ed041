import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { parse } from 'yaml';

/** A block of rooms.yaml: folders of one house, what each may import from, and what none of them ever imports. */
export type Block = {
  in: string;
  tests?: true;
  never?: { imports: string[]; because: string };
  folders: Record<string, string[]>;
};

/** A folder, by its path from the root of the clone, and what it may import from: folders, files, or the files of a folder. */
export type Room = { folder: string; mayImport: string[]; block: Block };

export const readRooms = (path: string): Room[] => roomsOf(parse(readFileSync(path, 'utf8')) as Block[]);

export function roomsOf(blocks: Block[]): Room[] {
  return blocks.flatMap((block) =>
    Object.entries(block.folders).map(([name, mayImport]) => ({
      folder: posix.join(block.in, name),
      mayImport: mayImport.map((other) => posix.join(block.in, other)),
      block,
    })),
  );
}

/** The rooms as overrides of Biome: of two that hold for a file the later one counts, so inner folders come last. */
export function lintRows(rooms: Room[]) {
  const overrides = rooms
    .toSorted((a, b) => (a.folder < b.folder ? -1 : 1))
    .map(({ folder, mayImport, block }) => ({
      includes: [`${folder}/**`, ...(block.tests ? [] : ['!**/*.test.ts'])],
      linter: {
        rules: {
          style: {
            noRestrictedImports: {
              level: 'error',
              options: { patterns: [arrows(folder, mayImport, block), ...never(block)] },
            },
          },
        },
      },
    }));
  return { overrides };
}

function arrows(folder: string, mayImport: string[], block: Block) {
  const below = mayImport.map((other) => posix.relative(block.in, other));
  const message = `${posix.relative(block.in, folder) || folder} may import from ${below.join(', ') || 'no other folder'}: see scripts/house/rooms.yaml`;
  const exceptions = mayImport.map((other) => {
    const path = posix.relative(folder, other);
    return `!${path.endsWith('.ts') ? path : `${path}/**`}`;
  });
  return { group: ['../**', ...exceptions], message };
}

function never({ never }: Block) {
  return never === undefined ? [] : [{ group: never.imports, message: never.because }];
}
