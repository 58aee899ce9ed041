import { isIP } from 'node:net';
import { type Address, parseAddress } from '@trino-gateway/runtime/address';
import { z } from 'zod';
import { parseDuration } from './duration.ts';

const readAddress = (text: string): Address | undefined => parseAddress(text.trim());

function refine<T>(read: (text: string) => T | undefined, expected: string) {
  return z.string({ error: `expected ${expected}` }).transform(reading(read, expected));
}

/** A comma list, which YAML may also give as a list. */
function refineList<T>(read: (text: string) => T | undefined, expected: string) {
  const joined = z.array(z.string()).transform((parts) => parts.join(','));
  return z.union([z.string(), joined], { error: `expected ${expected}` }).transform(reading(read, expected));
}

function reading<T>(read: (text: string) => T | undefined, expected: string) {
  return (text: string, context: z.RefinementCtx<string>): T => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `expected ${expected}`, input: text });
    return z.NEVER;
  };
}

const list = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

function readUrl(text: string, protocols: readonly string[]): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !protocols.includes(url.protocol) || url.search || url.hash || url.pathname !== '/') return undefined;
  return url.username || url.password ? undefined : url.origin;
}

function readUrls(text: string): string[] | undefined {
  const urls = list(text).map((part) => readUrl(part, ['http:', 'https:']));
  return urls.length > 0 && urls.every((url) => url !== undefined) ? (urls as string[]) : undefined;
}

function readCidrs(text: string): string[] | undefined {
  const cidrs = list(text);
  return cidrs.every(isNetwork) ? cidrs : undefined;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
}

const DATABASES = ['mysql:', 'mariadb:', 'postgres:', 'postgresql:'];

function readDatabaseUrl(text: string): string | undefined {
  if (text === 'sqlite::memory:' || /^sqlite:[^:?]+$/.test(text)) return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const whole = url && DATABASES.includes(url.protocol) && url.hostname !== '' && url.pathname.length > 1;
  return whole ? text : undefined;
}

/** `host:port`. */
export const address = refine(readAddress, 'an address such as 0.0.0.0:8080');
/** A comma list of `host:port`, at least one. */
export const addresses = refineList((text) => {
  const read = list(text).map(readAddress);
  return read.length > 0 && read.every((one) => one !== undefined) ? (read as Address[]) : undefined;
}, 'a comma list of addresses such as 0.0.0.0:8080');
// Node's timers fire at once when they are given more than 2^31 ms, which is a little less than 25 days.
const LONGEST_MS = 24 * 86_400_000;

const durationFrom = (leastMs: number, expected: string) =>
  refine((text) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms >= leastMs && ms <= LONGEST_MS ? ms : undefined;
  }, `a duration with a unit, such as 250ms, 10s, 5m or 1h, ${expected}`);

/** Text with a unit, read as milliseconds; zero is allowed. */
export const duration = durationFrom(0, 'up to 24d');
/** Text with a unit, read as milliseconds; for limits and intervals, which zero would make useless. */
export const timeLimit = durationFrom(1, 'from 1ms to 24d');
// No timer waits that long; 2^53 ms is far beyond.
const LONGEST_RETENTION_MS = 36_500 * 86_400_000;
const RETENTION = 'a duration with a unit, such as 12h or 30d, up to 36500d, or 0';
/** How long something is kept, read as milliseconds; `0`, also without a unit, means for ever. */
export const retention = z
  .union([z.string(), z.literal(0).transform(String)], { error: `expected ${RETENTION}` })
  .transform(
    reading((text) => {
      const ms = text.trim() === '0' ? 0 : parseDuration(text);
      return ms !== undefined && ms <= LONGEST_RETENTION_MS ? ms : undefined;
    }, RETENTION),
  );
/** http or https, no path. */
export const origin = refine(
  (text) => readUrl(text, ['http:', 'https:']),
  'a URL such as http://host:8000, without a path or user',
);
/** A comma list of http or https URLs, at least one. */
export const origins = refineList(readUrls, 'a comma list of URLs such as http://host:8000, without paths or users');
/** An http or https URL with any path. */
export const webUrl = refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url !== undefined && ['http:', 'https:'].includes(url.protocol) && !url.username && !url.password;
  return isWeb ? text : undefined;
}, 'an http or https URL without a user');
/** A comma list of networks, may be empty. */
export const cidrs = refineList(readCidrs, 'a comma list of networks such as 10.0.0.0/8');
/** Where the store is. */
export const databaseUrl = refine(
  readDatabaseUrl,
  'sqlite:PATH, sqlite::memory:, or mysql://, mariadb:// or postgres:// with user, host and database',
);
/** An id as the contract has it. */
export const id = refine(
  (text) => (/^[A-Za-z0-9._-]{1,128}$/.test(text) ? text : undefined),
  'an id of letters, digits, dot, underscore and dash, 1 to 128 long',
);
/** true or false, also as text (the environment knows nothing else). */
export const flag = z.union(
  [z.boolean(), z.literal('true').transform(() => true), z.literal('false').transform(() => false)],
  {
    error: 'expected true or false',
  },
);
/** A whole number within bounds, also as text. */
export const whole = (least: number, most: number) =>
  z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], {
      error: `expected a whole number from ${least} to ${most}`,
    })
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, {
      error: `expected a whole number from ${least} to ${most}`,
    });
/** Any text that is not empty. */
export const text = z.string({ error: 'expected text' }).min(1, { error: 'expected text that is not empty' });
const LEAST_KEY_LENGTH = 32;
/** A comma list of keys, at least one; which they are is never said. */
export const secretKeys = refineList((text) => {
  const keys = list(text);
  return keys.length > 0 && keys.every((key) => key.length >= LEAST_KEY_LENGTH) ? keys : undefined;
}, `a key of at least ${LEAST_KEY_LENGTH} characters, or a comma list of such keys`);
/** How the web UI of the clusters is served. */
export const uiMode = z.enum(['PROXY', 'REDIRECT', 'OFF'], { error: 'expected PROXY, REDIRECT or OFF' });
/** What is logged. */
export const logLevel = z.enum(['error', 'warn', 'info', 'debug'], { error: 'expected error, warn, info or debug' });
