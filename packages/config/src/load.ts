import type { ChainChecks } from '@trino-gateway/api/validation';
import type { TlsFiles } from '@trino-gateway/runtime/tls-files';
import { LineCounter, parseDocument } from 'yaml';
import { type Declared, readDeclared } from './declared.ts';
import { complainAboutDoubts } from './doubts.ts';
import { complainAboutUnknownVariables, complainAboutUnverified } from './environment.ts';
import { type PlaceOf, placesIn } from './places.ts';
import { readSection, type SettingSource } from './read-section.ts';
import type { Complain } from './sections/complain.ts';
import { complainAboutDatabaseTls } from './sections/database-tls.ts';
import {
  type GatewayserverConfig,
  type MonitorConfig,
  type RouterConfig,
  type SectionName,
  sections,
} from './sections/index.ts';
import { complainAboutOpenAccess } from './sections/open-access.ts';
import { complainAboutTlsKeys, tlsFilesOf } from './sections/tls-keys.ts';
import { yamlContent } from './yaml-content.ts';

/** The whole suite's configuration, checked, with defaults filled in. */
export type SuiteConfig = {
  gatewayserver: GatewayserverConfig;
  monitor: MonitorConfig;
  router: RouterConfig;
  declared: Declared;
  /** What is wrong only if all of it is for one suite on one machine: `--check-config` refuses it, a start warns. */
  doubts: readonly string[];
};

/** Every problem found: the path in the file (or the environment variable), the value, and what was expected. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((one) => `  ${one}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

export type ConfigSource = SettingSource & {
  /** The text of the YAML file, and its name for messages; undefined when there is none. */
  file?: { name: string; text: string } | undefined;
  /** The process that starts with it: some things are checked only for that one. */
  starts?: SectionName | undefined;
  /** Looks at files with certificates and keys that the process will read; absent: they are not looked at. */
  tlsFileProblems?: ((files: TlsFiles) => readonly string[]) | undefined;
  /** What that process knows of steps of a routing chain; absent: only what holds for all of them is checked. */
  chainChecks?: ChainChecks | undefined;
};

const DECLARATIVE = ['backends', 'groups', 'policies', 'routing_chain'];

/**
 * Reads the suite's configuration. The environment wins over the file.
 * @throws ConfigError with every problem at once
 */
export function loadConfig(source: ConfigSource): SuiteConfig {
  const problems: string[] = [];
  const { content: file, placeOf } = readFile(source, problems);
  // Of a file that cannot be read nothing else is known: its defaults would only be further problems.
  if (problems.length > 0) throw new ConfigError(problems);
  const complainIn =
    (list: string[]): Complain =>
    (path, message) =>
      list.push(`${path}: ${message}${placeOf(path)}`);
  const complain = complainIn(problems);
  for (const key of Object.keys(file)) {
    if (!Object.hasOwn(sections, key) && !DECLARATIVE.includes(key))
      complain(key, `unknown section; known are ${[...Object.keys(sections), ...DECLARATIVE].join(', ')}`);
  }
  complainAboutUnknownVariables(source.env, complain);
  complainAboutUnverified(source.env, complain);
  const gatewayserver = readSection('gatewayserver', file.gatewayserver, source, complain);
  if (gatewayserver.config && source.starts === 'gatewayserver')
    complainAboutOpenAccess(gatewayserver.config, (key, message) => complain(gatewayserver.originOf(key), message));
  const monitor = readSection('monitor', file.monitor, source, complain);
  const router = readSection('router', file.router, source, complain);
  const read = { gatewayserver, monitor, router };
  for (const name of Object.keys(read) as SectionName[]) {
    const { config, originOf } = read[name];
    if (config === undefined) continue;
    complainAboutTlsKeys(name, config, (key, message) => complain(originOf(key), message));
    if (source.starts === name && source.tlsFileProblems)
      problems.push(...tlsFilesOf(name, config, originOf).flatMap(source.tlsFileProblems));
  }
  if (gatewayserver.config)
    complainAboutDatabaseTls(gatewayserver.config, (key, message) => complain(gatewayserver.originOf(key), message));
  const declared = readDeclared(file, complain, { chainChecks: source.chainChecks });
  if (problems.length > 0 || !gatewayserver.config || !monitor.config || !router.config)
    throw new ConfigError(problems);
  const doubts: string[] = [];
  const config = { gatewayserver: gatewayserver.config, monitor: monitor.config, router: router.config, declared };
  const given = new Set((Object.keys(sections) as SectionName[]).filter((name) => read[name].isGiven));
  const originOf = (section: SectionName, key: string) => read[section].originOf(key);
  complainAboutDoubts({ ...config, given, originOf }, complainIn(doubts));
  return { ...config, doubts };
}

function readFile({ file }: ConfigSource, problems: string[]): { content: Record<string, unknown>; placeOf: PlaceOf } {
  if (!file) return { content: {}, placeOf: () => '' };
  const lineCounter = new LineCounter();
  const document = parseDocument(file.text, { logLevel: 'silent', lineCounter });
  const content = yamlContent(document, 'sections such as gatewayserver, monitor and router', (problem) =>
    problems.push(`${file.name}: ${problem}`),
  );
  return { content, placeOf: placesIn(document, lineCounter) };
}
