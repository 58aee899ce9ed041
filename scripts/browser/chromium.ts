import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackedPackage } from '@trino-gateway/testing/toolchains/debian-packages';
import { findInPath } from '@trino-gateway/testing/toolchains/find-in-path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

type Program = { path: string; env: NodeJS.ProcessEnv };

/**
 * A real Chromium without a window: the one that CHROMIUM names, else the first in PATH, else Debian's package in the
 * cache, which is fetched once. @throws MissingToolError
 */
export async function launchChromium(): Promise<Browser> {
  const { path, env } = (await installed()) ?? (await fetched());
  const asRoot = process.getuid?.() === 0;
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return chromium.launch({
    executablePath: path,
    env: Object.fromEntries(given),
    args: ['--disable-dev-shm-usage', ...(asRoot ? ['--no-sandbox'] : [])],
    timeout: 120_000,
  });
}

async function installed(): Promise<Program | undefined> {
  const { env } = process;
  if (env.CHROMIUM) return { path: env.CHROMIUM, env };
  for (const name of NAMES) {
    const folder = await findInPath(name);
    if (folder !== undefined) return { path: join(folder, name), env };
  }
  return undefined;
}

async function fetched(): Promise<Program> {
  const root = await unpackedPackage('chromium', 'own');
  const lib = join(root, 'usr', 'lib');
  const triplet = (await readdir(lib)).find((name) => name.endsWith('-linux-gnu')) ?? '';
  const libraries = [join(lib, triplet), join(lib, triplet, 'pulseaudio'), join(root, 'lib', triplet)].join(':');
  return { path: join(lib, 'chromium', 'chromium'), env: { ...process.env, LD_LIBRARY_PATH: libraries } };
}
