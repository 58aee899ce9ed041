import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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
  if ((await findInPath('mvn', env)) === undefined) {
    throw new MissingToolError(`Maven (mvn) is needed to fetch Trino: install it, ${OWN_CLUSTERS}`);
  }
  const project = await mkdtemp(join(tmpdir(), 'trino-gateway-fetch-'));
  try {
    // One project for all of them: Maven starts once.
    await writeFile(join(project, 'pom.xml'), pom(artifacts, folder));
    const names = new Set(artifacts.map(fileName));
    await runCommand(
      'mvn',
      [`org.apache.maven.plugins:maven-dependency-plugin:${DEPENDENCY_PLUGIN_VERSION}:copy`, ...mavenArgs(env)],
      {
        cwd: project,
        env,
        timeoutMs: 1_200_000,
        onLine: (line) => {
          const started = /Downloading from \S+: (\S+)/.exec(line)?.[1];
          if (started !== undefined && names.has(basename(started))) say(`downloading ${basename(started)}`);
        },
      },
    );
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

function mavenArgs(env: NodeJS.ProcessEnv): string[] {
  return ['-B', '-Dstyle.color=never', ...(env.TRINO_GATEWAY_MAVEN_ARGS ?? '').split(/\s+/).filter(Boolean)];
}

function pom(artifacts: readonly Artifact[], folder: string): string {
  const items = artifacts.map(
    ({ id, version, type, classifier }) =>
      `<artifactItem><groupId>io.trino</groupId><artifactId>${id}</artifactId><version>${version}</version><type>${type}</type>` +
      `${classifier === undefined ? '' : `<classifier>${classifier}</classifier>`}</artifactItem>`,
  );
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.github.trino-gateway</groupId>
  <artifactId>fetch</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <build><plugins><plugin>
    <groupId>org.apache.maven.plugins</groupId>
    <artifactId>maven-dependency-plugin</artifactId>
    <version>${DEPENDENCY_PLUGIN_VERSION}</version>
    <configuration>
      <outputDirectory>${escapeXml(folder)}</outputDirectory>
      <artifactItems>${items.join('\n        ')}</artifactItems>
    </configuration>
  </plugin></plugins></build>
</project>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
