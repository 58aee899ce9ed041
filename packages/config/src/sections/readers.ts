import { isIP } from 'node:net';
import { isId } from '@trino-gateway/api/validation';
import { type Address, parseAddress } from '@trino-gateway/runtime/address';
import { readPathPrefix } from '@trino-gateway/runtime/path-prefix';
import { parseDuration } from './duration.ts';

// Each reads the text of a setting; undefined when it is no such value.

export const LEAST_KEY_LENGTH = 32;

// Node's timers fire at once when they are given more than 2^31 ms, which is a little less than 25 days.
const LONGEST_MS = 24 * 86_400_000;
// No timer waits that long; 2^53 ms is far beyond.
const LONGEST_RETENTION_MS = 36_500 * 86_400_000;
const DISCOVERED_KINDS = ['Service', 'TrinoCluster'];
const DATABASES = ['mysql:', 'mariadb:', 'postgres:', 'postgresql:'];

export function readAddress(text: string): Address | undefined {
  return parseAddress(text.trim());
}

export function readAddresses(text: string): Address[] | undefined {
  return atLeastOne(allOf(text, readAddress));
}

export function readDuration(text: string, leastMs: number): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= leastMs && ms <= LONGEST_MS ? ms : undefined;
}

export function readRetention(text: string): number | undefined {
  const ms = text.trim() === '0' ? 0 : parseDuration(text);
  return ms !== undefined && ms <= LONGEST_RETENTION_MS ? ms : undefined;
}

/** An http or https URL without a path, query or user. */
function readOrigin(text: string): string | undefined {
  const url = webUrlIn(text);
  return url && url.pathname === '/' && !url.search && !url.hash ? url.origin : undefined;
}

/** An http or https URL that may have a plain path (`readPathPrefix`); without a slash at its end. */
export function readExternalUrl(text: string): string | undefined {
  const url = webUrlIn(text);
  if (!url || url.search || url.hash) return undefined;
  const prefix = readPathPrefix(/^[^:]*:\/\/[^/]*(.*)$/.exec(text.trim())?.[1] ?? '');
  return prefix === undefined ? undefined : url.origin + prefix;
}

export function readOrigins(text: string): string[] | undefined {
  return atLeastOne(allOf(text, readOrigin));
}

export function readWebUrl(text: string): string | undefined {
  return webUrlIn(text) && text;
}

export function readCidrs(text: string): string[] | undefined {
  return allOf(text, (one) => (isNetwork(one) ? one : undefined));
}

export function readNamespaces(text: string): string[] | undefined {
  return atLeastOne(allOf(text, (one) => (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(one) ? one : undefined)));
}

export function readDiscoveredKinds(text: string): string[] | undefined {
  return atLeastOne(allOf(text, (one) => (DISCOVERED_KINDS.includes(one) ? one : undefined)));
}

/** Without a label all objects would be meant. */
export function readLabelSelector(text: string): string | undefined {
  const isSelector = text.length <= 1_000 && /^[A-Za-z0-9]/.test(text) && /^[\w./=!, ()-]+$/.test(text);
  return isSelector ? text : undefined;
}

export function readDatabaseUrl(text: string): string | undefined {
  if (text === 'sqlite::memory:' || /^sqlite:[^:?]+$/.test(text)) return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWhole = url && DATABASES.includes(url.protocol) && url.hostname !== '' && url.pathname.length > 1;
  return isWhole ? text : undefined;
}

export function readId(text: string): string | undefined {
  return isId(text) ? text : undefined;
}

export function readSecretKeys(text: string): string[] | undefined {
  return atLeastOne(allOf(text, (key) => (key.length >= LEAST_KEY_LENGTH ? key : undefined)));
}

/** The values of a comma list; undefined when any of them is none. */
function allOf<T>(text: string, read: (part: string) => T | undefined): T[] | undefined {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  const values = parts.map(read).filter((value) => value !== undefined);
  return values.length === parts.length ? values : undefined;
}

function atLeastOne<T>(values: T[] | undefined): T[] | undefined {
  return values?.length ? values : undefined;
}

function webUrlIn(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) && !url.username && !url.password ? url : undefined;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
}
