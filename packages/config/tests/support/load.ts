import type { ChainChecks } from '@trino-gateway/api/validation';
import { ConfigError, loadConfig, type SuiteConfig, type sections } from '../../src/index.ts';

/** What a configuration is read from. */
export type Given = {
  yaml?: string;
  env?: Record<string, string>;
  /** Files that hold secrets, by their paths. */
  secrets?: Record<string, string>;
  starts?: keyof typeof sections;
  chainChecks?: ChainChecks;
};

/** Reads the configuration. @throws ConfigError */
export function load({ yaml, env = {}, secrets = {}, starts, chainChecks }: Given): SuiteConfig {
  return loadConfig({
    file: yaml === undefined ? undefined : { name: 'suite.yaml', text: yaml },
    env,
    starts,
    chainChecks,
    readSecret: (path) => {
      const text = secrets[path];
      if (text === undefined) throw new Error('ENOENT');
      return text;
    },
  });
}

/** All that is wrong with it, without the places in the file. */
export function problems(given: Given): readonly string[] {
  return problemsWithPlaces(given).map((problem) => problem.replace(/ \((\w+ "[^"]*", )*line \d+\)$/, ''));
}

/** All that is wrong with it. */
export function problemsWithPlaces(given: Given): readonly string[] {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The environment variable of a key. */
export const variable = (section: string, key: string) => `TRINO_GATEWAY_${section.toUpperCase()}_${key.toUpperCase()}`;
