import type { z } from 'zod';
import { isSecret, variableOf } from './environment.ts';
import type { Complain } from './sections/complain.ts';
import { SECRET_KEYS, type SectionName, sections } from './sections/index.ts';

/** Where settings come from besides the file. */
export type SettingSource = {
  env: Record<string, string | undefined>;
  /** Reads a file that holds a secret. */
  readSecret: (path: string) => string;
};

/** The keys of a section before they are checked. */
type GivenSection = {
  values: Record<string, unknown>;
  /** What set a key, for problems: `router.listen`, or the name of an environment variable. */
  originOf(key: string): string;
};

type SectionConfig<Name extends SectionName> = z.output<(typeof sections)[Name]>;

/** A section as it was read; `config` is undefined after complaints. */
export type ReadSection<Name extends SectionName> = Pick<GivenSection, 'originOf'> & {
  config: SectionConfig<Name> | undefined;
  /** Whether file or environment say anything about it. */
  isGiven: boolean;
};

/** Reads a section from the file, its secrets and the environment, and complains about every key that is wrong. */
export function readSection<Name extends SectionName>(
  name: Name,
  inFile: unknown,
  source: SettingSource,
  complain: Complain,
): ReadSection<Name> {
  const { values, originOf } = gatherSection(name, inFile, source, complain);
  const result = sections[name].safeParse(values);
  const isGiven = Object.keys(values).length > 0;
  if (result.success) return { config: result.data as SectionConfig<Name>, originOf, isGiven };
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys)
        complain(`${name}.${key}`, `unknown key; known are ${Object.keys(sections[name].shape).join(', ')}`);
      continue;
    }
    const key = String(issue.path[0] ?? '');
    const expected = issue.message.startsWith('expected') ? issue.message : `expected a valid value (${issue.message})`;
    complain(originOf(key), `${expected}, got ${show(key, values[key])}`);
  }
  return { config: undefined, originOf, isGiven };
}

function gatherSection(name: SectionName, inFile: unknown, source: SettingSource, complain: Complain): GivenSection {
  const values: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  const originOf = (key: string) => origins.get(key) ?? `${name}.${key}`;
  if (inFile !== undefined && inFile !== null && (typeof inFile !== 'object' || Array.isArray(inFile)))
    complain(name, 'expected keys and values');
  else Object.assign(values, inFile);
  /** @param twin the way to give the secret itself, which must not be used as well */
  const takeSecret = (key: string, path: unknown, origin: string, twin: string) => {
    if (values[key] !== undefined && originOf(key) === twin)
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
    const variable = variableOf(name, key);
    const value = source.env[variable];
    if (value !== undefined) {
      values[key] = value;
      origins.set(key, variable);
    }
    const path = source.env[`${variable}_FILE`];
    if (path !== undefined && isSecret(key)) takeSecret(key, path, `${variable}_FILE`, variable);
  }
  return { values, originOf };
}

function show(key: string, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (isSecret(key)) return 'a value that is not shown';
  return JSON.stringify(value).replace(/\/\/[^/@"]*@/g, '//…@');
}
