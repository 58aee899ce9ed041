import { LOG_FORMATS } from '@trino-gateway/runtime/log-line';
import { z } from 'zod';
import {
  LEAST_KEY_LENGTH,
  readAddress,
  readAddresses,
  readCidrs,
  readDatabaseUrl,
  readDiscoveredKinds,
  readDuration,
  readExternalUrl,
  readId,
  readLabelSelector,
  readNamespaces,
  readOrigins,
  readRetention,
  readSecretKeys,
  readWebUrl,
} from './readers.ts';

/** `host:port`. */
export const address = refine(readAddress, 'an address such as 0.0.0.0:8080');

/** A comma list of `host:port`, at least one. */
export const addresses = refineList(readAddresses, 'a comma list of addresses such as 0.0.0.0:8080');

/** Text with a unit, read as milliseconds; zero is allowed. */
export const duration = durationFrom(0, 'up to 24d');

/** Text with a unit, read as milliseconds; for limits and intervals, which zero would make useless. */
export const timeLimit = durationFrom(1, 'from 1ms to 24d');

const RETENTION = 'a duration with a unit, such as 12h or 30d, up to 36500d, or 0';

/** How long something is kept, read as milliseconds; `0`, also without a unit, means for ever. */
export const retention = z
  .union([z.string(), z.literal(0).transform(String)], { error: `expected ${RETENTION}` })
  .transform(reading(readRetention, RETENTION));

/** http or https, perhaps with a path prefix. */
export const externalUrl = refine(
  readExternalUrl,
  'a URL such as https://host:8443 or https://host/trino, without a user or query; its path must not begin with /v1, /ui or /oauth2',
);

/** A comma list of http or https URLs, at least one. */
export const origins = refineList(readOrigins, 'a comma list of URLs such as http://host:8000, without paths or users');

/** An http or https URL with any path. */
export const webUrl = refine(readWebUrl, 'an http or https URL without a user');

/** A comma list of networks, may be empty. */
export const cidrs = refineList(readCidrs, 'a comma list of networks such as 10.0.0.0/8');

/** A comma list of namespaces of Kubernetes, at least one. */
export const namespaces = refineList(readNamespaces, 'a comma list of namespaces of Kubernetes');

/** A comma list of kinds of objects that are discovered, at least one. */
export const discoveredKinds = refineList(readDiscoveredKinds, 'a comma list of Service and TrinoCluster');

/** A label selector of Kubernetes that names a label. */
export const labelSelector = refine(readLabelSelector, 'a label selector such as trino-gateway.io/backend=true');

/** Where the store is. */
export const databaseUrl = refine(
  readDatabaseUrl,
  'sqlite:PATH, sqlite::memory:, or mysql://, mariadb:// or postgres:// with user, host and database',
);

/** An id as the contract has it. */
export const id = refine(readId, 'an id of letters, digits, dot, underscore and dash, 1 to 128 long');

/** true or false, also as text (the environment knows nothing else). */
export const flag = z.union(
  [z.boolean(), z.literal('true').transform(() => true), z.literal('false').transform(() => false)],
  { error: 'expected true or false' },
);

/** A whole number within bounds, also as text. */
export const whole = (least: number, most: number) => {
  const error = `expected a whole number from ${least} to ${most}`;
  return z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], { error })
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, { error });
};

/** A number from 0 to 1, also as text. */
export const share = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d(\.\d+)?$/)
        .transform(Number),
    ],
    { error: 'expected a number from 0 to 1' },
  )
  .refine((value) => value >= 0 && value <= 1, { error: 'expected a number from 0 to 1' });

/** Any text that is not empty. */
export const text = z.string({ error: 'expected text' }).min(1, { error: 'expected text that is not empty' });

/** A comma list of keys, at least one; a problem never shows them. */
export const secretKeys = refineList(
  readSecretKeys,
  `a key of at least ${LEAST_KEY_LENGTH} characters, or a comma list of such keys`,
);

/** How the web UI of the clusters is served. */
export const uiMode = z.enum(['PROXY', 'REDIRECT', 'OFF'], { error: 'expected PROXY, REDIRECT or OFF' });

/** What is logged. */
export const logLevel = z.enum(['error', 'warn', 'info', 'debug'], { error: 'expected error, warn, info or debug' });

/** How log lines are written. */
export const logFormat = z.enum(LOG_FORMATS, { error: 'expected json or text' });

function durationFrom(leastMs: number, range: string) {
  return refine(
    (given) => readDuration(given, leastMs),
    `a duration with a unit, such as 250ms, 10s, 5m or 1h, ${range}`,
  );
}

function refine<T>(read: (text: string) => T | undefined, expected: string) {
  return z.string({ error: `expected ${expected}` }).transform(reading(read, expected));
}

/** A comma list, which YAML may also give as a list. */
function refineList<T>(read: (text: string) => T | undefined, expected: string) {
  const joined = z.array(z.string()).transform((parts) => parts.join(','));
  return z.union([z.string(), joined], { error: `expected ${expected}` }).transform(reading(read, expected));
}

function reading<T>(read: (text: string) => T | undefined, expected: string) {
  return (given: string, context: z.RefinementCtx<string>): T => {
    const value = read(given);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `expected ${expected}`, input: given });
    return z.NEVER;
  };
}
