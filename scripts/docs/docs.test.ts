import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { sections } from '@trino-gateway/config';
import { configured, knownVariables, variablesIn } from '../deploy/settings.ts';
import { configurationPage, documentedKeys } from './configuration-page.ts';
import { metricsPage } from './metrics-page.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/admission.md',
  'docs/api.md',
  'docs/autoscaling.md',
  'docs/chaos.md',
  'docs/configuration.md',
  'docs/metrics.md',
  'docs/operating.md',
  'docs/performance.md',
  'docs/routers.md',
  'docs/command-line.md',
  'docs/from-razorpay.md',
  'docs/from-trino-lb.md',
  'docs/from-trinodb-gateway.md',
  'docs/history.md',
  'docs/kubernetes.md',
  'docs/routing.md',
  'docs/routing/chain.md',
  'docs/routing/explain-cost.md',
  'docs/routing/external.md',
  'docs/routing/groups.md',
  'docs/routing/headers-and-tags.md',
  'docs/routing/rules.md',
  'docs/routing/scripts.md',
  'docs/routing/statements.md',
  'docs/routing/try-it.md',
  'docs/security.md',
  'docs/soak.md',
];
/** Of the tools, not of the suite's configuration. */
const OF_TOOLS = [
  'TRINO_GATEWAY_CACHE',
  'TRINO_GATEWAY_MAVEN_ARGS',
  'TRINO_GATEWAY_URL',
  'TRINO_GATEWAY_TOKEN',
  'TRINO_GATEWAY_CA_FILE',
  'TRINO_GATEWAY_CERT_FILE',
  'TRINO_GATEWAY_KEY_FILE',
];

/** The links of a page that stay in the repository, and the heading each names, as GitHub spells it. */
function localLinks(page: string, text: string) {
  return [...text.matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)]
    .filter(([, target = '']) => !/^https?:/.test(target))
    .map(([, target, heading]) => ({ file: target ? join(dirname(page), target) : page, heading }));
}

function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('docs/configuration.md is what the schema says: else run make generate', () => {
  expect(read('docs/configuration.md')).toBe(configurationPage(read('docs/gateway.example.yaml')));
});

test('docs/metrics.md is what the processes offer: else run make generate', () => {
  expect(read('docs/metrics.md')).toBe(metricsPage());
});

test('every key is documented with the default a process really starts with', () => {
  const written = Object.fromEntries(
    Object.keys(sections).map((section) => [
      section,
      Object.fromEntries(
        documentedKeys()
          .filter((one) => one.section === section && one.defaultText !== undefined)
          .map(({ key, defaultText }) => [key, defaultText]),
      ),
    ]),
  );
  expect(configured(JSON.stringify(written), {})).toEqual(configured(undefined, {}));
});

test('the example in the documentation is a valid configuration that uses every kind of rule', () => {
  const { declared } = configured(read('docs/gateway.example.yaml'), {});
  expect(declared.policies.map(({ rule }) => rule.case).sort()).toEqual([
    'clientTags',
    'connectionProperties',
    'host',
    'listeningPort',
  ]);
});

test('the newest dated section of the changelog is the version of the project', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const dated = [...read('CHANGELOG.md').matchAll(/^## (\d+\.\d+\.\d+) \((\d{4}-\d{2}-\d{2})\)$/gm)];
  expect(dated[0]?.[1]).toBe(version);
});

test('every package says its licence', () => {
  const packages = globSync(['package.json', 'packages/*/package.json', 'services/*/package.json'], { cwd: ROOT });
  expect(packages.length).toBeGreaterThan(10);
  for (const path of packages)
    expect([path, (JSON.parse(read(path)) as { license?: string }).license]).toEqual([path, 'Apache-2.0']);
});

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  test('names only variables that exist', () => {
    const known = knownVariables();
    expect(variablesIn(text).filter((name) => !known.has(name) && !OF_TOOLS.includes(name))).toEqual([]);
  });

  test('names only keys that exist', () => {
    const keys = new Set(
      documentedKeys().flatMap(({ section, key }) => [`${section}.${key}`, `${section}.${key}_file`]),
    );
    const named = [...text.matchAll(/`(?:gatewayserver|monitor|router)\.[a-z_]+`/g)].map(([name]) => name.slice(1, -1));
    expect(named.filter((name) => !keys.has(name))).toEqual([]);
  });

  test('links and paths lead somewhere, to a heading that is there', () => {
    for (const { file, heading } of localLinks(page, text)) {
      expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
      if (heading !== undefined) expect(headingsOf(read(file))).toContain(heading);
    }
  });

  test('names only make targets and package scripts that exist', () => {
    const targets = [...read('Makefile').matchAll(/^([a-z][a-z0-9-]*):/gm)].map(([, name]) => name);
    const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
    const named = [...text.matchAll(/`make ([a-z0-9-]+)/g)].map(([, name]) => name);
    expect(named.filter((name) => !targets.includes(name))).toEqual([]);
    const run = [...text.matchAll(/pnpm ((?:start|test):[a-z0-9]+)/g)].map(([, name = '']) => name);
    expect(run.filter((name) => !scripts.includes(name))).toEqual([]);
  });
});
