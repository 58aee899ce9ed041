import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findInPath } from '../toolchains/find-in-path.ts';
import { MissingToolError, OWN_CLUSTERS } from '../toolchains/missing-tool.ts';
import { runCommand } from '../toolchains/run-command.ts';
import { DEPENDENCY_PLUGIN_VERSION } from './versions.ts';

/** Maven coordinates of one file in the group io.trino. */
export type Artifact = { id: string; version: string; type: string; classifier?: string };

/** The name under which Maven stores and copies the artifact. */
export function fileName(artifact: Artifact): string {
  const classifier = artifact.classifier === undefined ? '' : `-${artifact.classifier}`;
  return `${artifact.id}-${artifact.version}${classifier}.${artifact.type}`;
}

/**
 * Copies the artifacts into the folder through the machine's own Maven, so that its mirrors, proxies and credentials hold.
 * Further arguments for Maven come from TRINO_GATEWAY_MAVEN_ARGS (split at blanks), options of its Java from MAVEN_OPTS.
 * Throws MissingToolError without Maven, and with Maven's own words when it fails. Takes up to 20 minutes.
 */
export async function fetchArtifacts(
  artifacts: readonly Artifact[],
  folder: string,
  say: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const names = new Set(artifacts.map(fileName));
  // One project for all of them: Maven starts once.
  await runMaven({ '': copying(artifacts, folder) }, ['copy'], env, (line) => {
    const started = /Downloading from \S+: (\S+)/.exec(line)?.[1];
    if (started !== undefined && names.has(basename(started))) say(`downloading ${basename(started)}`);
  });
}

/**
 * Copies jars of one Trino release with all that they need at run time, in the versions that the release was built with.
 * `jars` has the artifact of each folder below the given one. Maven is run as by `fetchArtifacts`.
 */
export async function fetchWithDependencies(
  version: string,
  jars: Readonly<Record<string, string>>,
  folder: string,
  say: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const projects = Object.entries(jars).map(([into, id]) => [id, needing(id, version, join(folder, into))] as const);
  const poms = { '': withVersionsOf(version, Object.values(jars)), ...Object.fromEntries(projects) };
  let downloads = 0;
  await runMaven(poms, ['copy-dependencies', '-DincludeScope=runtime'], env, (line) => {
    if (!/Downloading from \S+: \S+\.jar$/.test(line)) return;
    downloads += 1;
    if (downloads % 50 === 0) say(`downloading ${downloads} jars`);
  });
}

/** Runs a goal of the dependency plugin on projects: `poms` by folder. */
async function runMaven(
  poms: Readonly<Record<string, string>>,
  [goal, ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): Promise<void> {
  if ((await findInPath('mvn', env)) === undefined) {
    throw new MissingToolError(`Maven (mvn) is needed to fetch Trino: install it, ${OWN_CLUSTERS}`);
  }
  const project = await mkdtemp(join(tmpdir(), 'trino-gateway-fetch-'));
  try {
    for (const [folder, pom] of Object.entries(poms)) {
      await mkdir(join(project, folder), { recursive: true });
      await writeFile(join(project, folder, 'pom.xml'), pom);
    }
    const plugin = `${DEPENDENCY_PLUGIN.groupId}:${DEPENDENCY_PLUGIN.artifactId}:${DEPENDENCY_PLUGIN.version}`;
    const own = (env.TRINO_GATEWAY_MAVEN_ARGS ?? '').split(/\s+/).filter(Boolean);
    await runCommand('mvn', [`${plugin}:${goal}`, ...args, '-B', '-Dstyle.color=never', ...own], {
      cwd: project,
      env,
      timeoutMs: 1_200_000,
      onLine,
    });
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

const DEPENDENCY_PLUGIN = {
  groupId: 'org.apache.maven.plugins',
  artifactId: 'maven-dependency-plugin',
  version: DEPENDENCY_PLUGIN_VERSION,
};

function copying(artifacts: readonly Artifact[], folder: string): string {
  const items = artifacts.map((artifact) => element('artifactItem', { groupId: 'io.trino', ...named(artifact) }));
  return project(
    'fetch',
    configured(`${element('outputDirectory', folder)}<artifactItems>${items.join('')}</artifactItems>`),
  );
}

function needing(id: string, version: string, folder: string): string {
  const dependency = element('dependency', { groupId: 'io.trino', ...named({ id, version, type: 'jar' }) });
  const parent = `<parent>${element('groupId', GROUP)}${element('artifactId', 'assemble')}${element('version', '1')}</parent>`;
  return project(
    `with-${id}`,
    `${parent}<dependencies>${dependency}</dependencies>${configured(element('outputDirectory', folder))}`,
  );
}

/** The root project of a release lists the version of each jar that it was built with. */
function withVersionsOf(version: string, modules: readonly string[]): string {
  const root = named({ id: 'trino-root', version, type: 'pom' });
  const versions = element('dependency', { groupId: 'io.trino', ...root, scope: 'import' });
  return project(
    'assemble',
    `<modules>${modules.map((module) => element('module', module)).join('')}</modules>` +
      `<dependencyManagement><dependencies>${versions}</dependencies></dependencyManagement>`,
  );
}

const GROUP = 'io.github.trino-gateway';

const named = ({ id, ...others }: Artifact): Record<string, string> => ({ artifactId: id, ...others });

function project(id: string, content: string): string {
  const own = { modelVersion: '4.0.0', groupId: GROUP, artifactId: id, version: '1', packaging: 'pom' };
  return `<project>${children(own)}${content}</project>\n`;
}

function configured(configuration: string): string {
  const plugin = `${children(DEPENDENCY_PLUGIN)}<configuration>${configuration}</configuration>`;
  return `<build><plugins><plugin>${plugin}</plugin></plugins></build>`;
}

const children = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => element(name, value))
    .join('');

function element(name: string, content: string | Readonly<Record<string, string>>): string {
  return `<${name}>${typeof content === 'string' ? escapeXml(content) : children(content)}</${name}>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
