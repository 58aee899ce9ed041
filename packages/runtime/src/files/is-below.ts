import { isAbsolute, relative, sep } from 'node:path';

/** Whether a path leads to something inside of a folder, which the folder itself is not. Both absolute; links are not looked at. */
export function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
