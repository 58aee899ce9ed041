import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Declared, readDeclared } from './declared.ts';
import { complainAboutOpenAccess } from './open-access.ts';
import { type GatewayserverConfig, type MonitorConfig, type RouterConfig, SECRET_KEYS, sections } from './schema.ts';

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

export type ConfigSource = {
  /** The text of the YAML file, and its name for messages; undefined when there is none. */
  file?: { name: string; text: string } | undefined;
  /** The environment. */
  env: Record<string, string | undefined>;
  /** Reads a file that holds a secret. */
  readSecret: (path: string) => string;
  /** The process that starts with it: some things are checked only for that one. */
  starts?: keyof typeof sections | undefined;
};

const PREFIX = 'TRINO_GATEWAY_';
const DECLARATIVE = ['backends', 'groups', 'policies'];

/**
 * Reads the suite's configuration. The environment wins over the file.
 * @throws ConfigError with every problem at once
 */
export function loadConfig(source: ConfigSource): SuiteConfig {
  const problems: string[] = [];
  const complain = (path: string, message: string) => problems.push(`${path}: ${message}`);
  const file = readFile(source, complain);
  for (const key of Object.keys(file)) {
    if (!Object.hasOwn(sections, key) && !DECLARATIVE.includes(key))
      complain(key, `unknown section; known are ${[...Object.keys(sections), ...DECLARATIVE].join(', ')}`);
  }
  complainAboutUnknownVariables(source.env, complain);
  const read = <Name extends keyof typeof sections>(name: Name): z.output<(typeof sections)[Name]> => {
    const given = mergeSection(name, file[name], source, complain);
    const result = sections[name].safeParse(given.values);
    const origin = (key: string) => given.origins.get(key) ?? `${name}.${key}`;
    if (result.success) {
      if (name === 'gatewayserver' && source.starts === name)
        complainAboutOpenAccess(result.data as GatewayserverConfig, (key, message) => complain(origin(key), message));
      return result.data as z.output<(typeof sections)[Name]>;
    }
    for (const issue of result.error.issues) {
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys)
          complain(`${name}.${key}`, `unknown key; known are ${Object.keys(sections[name].shape).join(', ')}`);
      } else {
        const key = String(issue.path[0] ?? '');
        const expected = issue.message.startsWith('expected')
          ? issue.message
          : `expected a valid value (${issue.message})`;
        complain(origin(key), `${expected}, got ${show(key, given.values[key])}`);
      }
    }
    return {} as z.output<(typeof sections)[Name]>;
  };
  const config = {
    gatewayserver: read('gatewayserver'),
    monitor: read('monitor'),
    router: read('router'),
    declared: readDeclared(file, complain),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function readFile({ file }: ConfigSource, complain: (path: string, message: string) => void): Record<string, unknown> {
  if (!file) return {};
  const document = parseDocument(file.text, { logLevel: 'silent' });
  for (const { message, linePos } of document.errors) {
    // The parser's own text may go on with a piece of the file, which may be a secret.
    const [what = ''] = message.split(/:| at line /, 1);
    complain(file.name, `not YAML: ${what}${linePos ? ` at line ${linePos[0].line}, column ${linePos[0].col}` : ''}`);
  }
  if (document.errors.length > 0) return {};
  try {
    const content: unknown = document.toJS() ?? {};
    if (typeof content === 'object' && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>;
    complain(file.name, 'expected sections such as gatewayserver, monitor and router');
  } catch (error) {
    complain(file.name, `not YAML: ${(error as Error).message.split(/[:\n]/, 1)[0]}`);
  }
  return {};
}

type Section = { values: Record<string, unknown>; origins: Map<string, string> };

function mergeSection(
  name: keyof typeof sections,
  given: unknown,
  source: ConfigSource,
  complain: (path: string, message: string) => void,
): Section {
  const values: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  if (given !== undefined && given !== null && (typeof given !== 'object' || Array.isArray(given)))
    complain(name, 'expected keys and values');
  else Object.assign(values, given);
  const takeSecret = (key: string, path: unknown, origin: string, twin: string) => {
    if (values[key] !== undefined && (origins.get(key) ?? `${name}.${key}`) === twin)
      complain(origin, `expected either this or ${twin}, not both`);
    try {
      values[key] = source.readSecret(String(path)).split(/\r?\n/, 1)[0];
      origins.set(key, origin);
    } catch {
      complain(origin, `expected a readable file, got "${path}"`);
    }
  };
  for (const key of SECRET_KEYS) {
    if (!(key in sections[name].shape) || values[`${key}_file`] === undefined) continue;
    takeSecret(key, values[`${key}_file`], `${name}.${key}_file`, `${name}.${key}`);
    delete values[`${key}_file`];
  }
  for (const key of Object.keys(sections[name].shape)) {
    const variable = `${PREFIX}${name.toUpperCase()}_${key.toUpperCase()}`;
    const value = source.env[variable];
    if (value !== undefined) {
      values[key] = value;
      origins.set(key, variable);
    }
    const path = source.env[`${variable}_FILE`];
    if (path !== undefined && (SECRET_KEYS as readonly string[]).includes(key))
      takeSecret(key, path, `${variable}_FILE`, variable);
  }
  return { values, origins };
}

// Kubernetes tells every container of a namespace about its Services this way: of one called trino-gateway-router by
// TRINO_GATEWAY_ROUTER_SERVICE_HOST, TRINO_GATEWAY_ROUTER_PORT_8080_TCP_ADDR and the like.
const SERVICE_LINK = /_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** A misspelt variable would otherwise be ignored in silence. */
function complainAboutUnknownVariables(
  env: Record<string, string | undefined>,
  complain: (path: string, message: string) => void,
): void {
  const known = new Set(
    Object.entries(sections).flatMap(([name, section]) =>
      Object.keys(section.shape).flatMap((key) => {
        const variable = `${PREFIX}${name.toUpperCase()}_${key.toUpperCase()}`;
        return (SECRET_KEYS as readonly string[]).includes(key) ? [variable, `${variable}_FILE`] : [variable];
      }),
    ),
  );
  for (const variable of Object.keys(env)) {
    if (
      /^TRINO_GATEWAY_(GATEWAYSERVER|MONITOR|ROUTER)_/.test(variable) &&
      !known.has(variable) &&
      !SERVICE_LINK.test(variable)
    )
      complain(variable, 'unknown variable; docs/configuration.md lists them all');
  }
}

function show(key: string, value: unknown): string {
  if (value === undefined) return 'nothing';
  if ((SECRET_KEYS as readonly string[]).includes(key)) return 'a value that is not shown';
  return JSON.stringify(value).replace(/\/\/[^/@"]*@/g, '//…@');
}
