import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findRenderer } from '@trino-gateway/testing/manifests/render';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { type Manifest, readManifests } from './objects.ts';

/** Of deploy/kubernetes. */
export const folder = (name: string) => fileURLToPath(new URL(`../../deploy/kubernetes/${name}`, import.meta.url));

export const BASES = ['gatewayserver', 'monitor', 'router'];
export const OVERLAYS = readdirSync(folder('overlays')).toSorted();
/** Those that switch to TLS change what the others are tested by: they have a test of their own. */
export const TLS_COMPONENTS = ['tls', 'database-tls'];
export const COMPONENTS = readdirSync(folder('components'))
  .filter((name) => !TLS_COMPONENTS.includes(name))
  .toSorted();
/** Each overlay with all components. */
export const LADEN = OVERLAYS.map((name) => `${name} with all components`);
export const NAMES = [...BASES, ...OVERLAYS, ...LADEN];

/** What is applied, by name. Empty, with a reason, where nothing renders here. */
export async function renderings(): Promise<{ of: (name: string) => Manifest[]; missing?: string }> {
  try {
    const render = await findRenderer();
    const components = COMPONENTS.map((name) => folder(`components/${name}`));
    const texts = await Promise.all([
      ...BASES.map((name) => render(folder(name))),
      ...OVERLAYS.map((name) => render(folder(`overlays/${name}`))),
      ...OVERLAYS.map((name) => render(folder(`overlays/${name}`), components)),
    ]);
    const all = new Map(NAMES.map((name, at) => [name, readManifests(texts[at] ?? '')]));
    return { of: (name) => all.get(name) ?? [] };
  } catch (error) {
    if (!(error instanceof MissingToolError)) throw error;
    return { of: () => [], missing: error.message };
  }
}
