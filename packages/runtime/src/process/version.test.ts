import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { addBuildInfo } from './build-info.ts';
import { VERSION } from './version.ts';

test('the version is that of the workspace', () => {
  const root = new URL('../../../../package.json', import.meta.url);
  expect(VERSION).toBe((JSON.parse(readFileSync(root, 'utf8')) as { version: string }).version);
});

test('build_info says which version of which process this is', async () => {
  const registry = new Registry();
  addBuildInfo(registry, 'router');
  expect(await registry.metrics()).toContain(
    `trino_gateway_build_info{service="router",version="${VERSION}",node="${process.version}"} 1`,
  );
});
