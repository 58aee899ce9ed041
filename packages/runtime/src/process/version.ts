import { readFileSync } from 'node:fs';

const MANIFEST = new URL('../../package.json', import.meta.url);

/** The version of the whole suite: that of this package is kept the same as the workspace's. */
export const VERSION = String((JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: unknown }).version);
