import { parseDocument } from 'yaml';
import { type Declared, readDeclared } from './declared.ts';
import { complainAboutUnknownVariables } from './environment.ts';
import { readSection, type SettingSource } from './read-section.ts';
import type { Complain } from './sections/complain.ts';
import {
  type GatewayserverConfig,
  type MonitorConfig,
  type RouterConfig,
  type SectionName,
  sections,
} from './sections/index.ts';
import { complainAboutOpenAccess } from './sections/open-access.ts';
import { yamlContent } from './yaml-content.ts';

/** The whole suite's configuration, checked, with defaults filled in. */
export type SuiteConfig = {
  gatewayserver: GatewayserverConfig;
  monitor: MonitorConfig;
  router: RouterConfig;
  declared: Declared;
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
};

const DECLARATIVE = ['backends', 'groups', 'policies'];

/**
 * Reads the suite's configuration. The environment wins over the file.
 * @throws ConfigError with every problem at once
 */
export function loadConfig(source: ConfigSource): SuiteConfig {
  const problems: string[] = [];
  const complain: Complain = (path, message) => problems.push(`${path}: ${message}`);
  const file = readFile(source, complain);
  for (const key of Object.keys(file)) {
    if (!Object.hasOwn(sections, key) && !DECLARATIVE.includes(key))
      complain(key, `unknown section; known are ${[...Object.keys(sections), ...DECLARATIVE].join(', ')}`);
  }
  complainAboutUnknownVariables(source.env, complain);
  const gatewayserver = readSection('gatewayserver', file.gatewayserver, source, complain);
  if (gatewayserver.config && source.starts === 'gatewayserver')
    complainAboutOpenAccess(gatewayserver.config, (key, message) => complain(gatewayserver.originOf(key), message));
  const monitor = readSection('monitor', file.monitor, source, complain);
  const router = readSection('router', file.router, source, complain);
  const declared = readDeclared(file, complain);
  if (problems.length > 0 || !gatewayserver.config || !monitor.config || !router.config)
    throw new ConfigError(problems);
  return { gatewayserver: gatewayserver.config, monitor: monitor.config, router: router.config, declared };
}

function readFile({ file }: ConfigSource, complain: Complain): Record<string, unknown> {
  if (!file) return {};
  const document = parseDocument(file.text, { logLevel: 'silent' });
  return yamlContent(document, 'sections such as gatewayserver, monitor and router', (problem) =>
    complain(file.name, problem),
  );
}
