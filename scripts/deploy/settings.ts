import { loadConfig, SECRET_KEYS, type SuiteConfig, sections } from '@trino-gateway/config';

/** A service of the suite. */
export type Service = keyof typeof sections;
export const SERVICES = Object.keys(sections) as Service[];

/** Long enough for a key. */
export const A_SECRET = 'a-secret'.repeat(4);

/** Every environment variable the suite reads. */
export function knownVariables(): Set<string> {
  const keys = Object.entries(sections).flatMap(([section, { shape }]) =>
    Object.keys(shape).flatMap((key) => {
      const variable = `TRINO_GATEWAY_${section}_${key}`.toUpperCase();
      return (SECRET_KEYS as readonly string[]).includes(key) ? [variable, `${variable}_FILE`] : [variable];
    }),
  );
  return new Set([...keys, 'TRINO_GATEWAY_CONFIG']);
}

/** Every word of a text that reads like an environment variable of the suite. */
export function variablesIn(text: string): string[] {
  return [...new Set(text.match(/\bTRINO_GATEWAY_[A-Z_]*[A-Z]/g) ?? [])];
}

/** The configuration of a process with this file and environment, when it starts all that it minds. @throws ConfigError */
export function configured(text: string | undefined, env: Record<string, string>, starts?: Service): SuiteConfig {
  return loadConfig({
    file: text === undefined ? undefined : { name: 'gateway.yaml', text },
    env,
    readSecret: secretAt,
    starts,
  });
}

/** The ports a service listens on, its ops port last. */
export function portsOf(service: Service, config: SuiteConfig): number[] {
  const section = config[service];
  const listen = 'listen' in section ? [section.listen].flat() : [];
  return [...listen, section.ops_listen].map(({ port }) => port);
}

/** Something of the kind that the file holds, told by its name. */
function secretAt(path: string): string {
  if (!path.includes('url')) return A_SECRET;
  return `mysql://${path.includes('owner') ? 'gateway_owner' : 'gateway'}:a-secret@mysql/gateway`;
}

/** Why an image may be another one tomorrow than today; undefined when it is named by its digest. */
export function imageProblem(image: string): string | undefined {
  const [, tag, digest] = /^[^:@]+(?::([\w.-]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image) ?? [];
  if (tag === undefined) return `${image}: expected a tag`;
  if (tag === 'latest') return `${image}: expected the tag of a version`;
  return digest === undefined ? `${image}: expected a digest` : undefined;
}

/** The version of Node of an image of its own. */
export function nodeVersion(image: string): string | undefined {
  return /^node:(\d+\.\d+\.\d+)-/.exec(image)?.[1];
}
