import type { DelegatedAuthentication } from '@trino-gateway/api/authentication';
import { type Backend_ForwardedHeaders, Backend_Forwarding, type SnapshotBackend } from '@trino-gateway/api/gateway';

import { parseUntrustedJson } from '@trino-gateway/json';
import { type Coordinator, type Incarnation, plainTls } from '../../stickiness/coordinator.ts';

/**
 * A backend, with all that matters also while there is no gatewayserver: the address for browsers, the suffix of its query ids, and
 * whether it is limited, for then nothing may be started there.
 */
export type KnownBackend = Coordinator &
  Pick<SnapshotBackend, 'externalUrl' | 'forwarding' | 'limited' | 'coordinatorId'>;

/** What a router needs to serve polls after its own restart while the gatewayserver is down. */
export type RouterState = {
  /** Signs links, cookies and refusals. */
  signingKey: Uint8Array;
  backends: readonly KnownBackend[];
  /** Those the gatewayserver knows. */
  sharedIncarnations: readonly Incarnation[];
  /** Where delegated authentication is demanded; undefined when that is not known, as in files of older versions. */
  authentication: DelegatedAuthentication | undefined;
  /** Learnt here, and not shown by the gatewayserver yet. */
  ownIncarnations: readonly Incarnation[];
};

const VERSION = 1;

/** The names in the file are those of its first version. */
export function formatState(state: RouterState): string {
  const { signingKey, backends, sharedIncarnations: lives, ownIncarnations: ownLives, authentication } = state;
  const refusalKey = Buffer.from(signingKey).toString('base64');
  return `${JSON.stringify({ version: VERSION, refusalKey, backends, lives, ownLives, authentication })}\n`;
}

/** @throws Error that says what was expected */
export function parseState(text: string): RouterState {
  const read = parseUntrustedJson(text) as Record<string, unknown>;
  if (read?.version !== VERSION) throw new Error(`expected version ${VERSION}, got ${JSON.stringify(read?.version)}`);
  const signingKey = Buffer.from(textOf(read, 'refusalKey'), 'base64');
  if (signingKey.length === 0) throw new Error('expected a refusalKey that is not empty');
  return {
    signingKey,
    backends: listOf(read, 'backends').map(backendOf),
    sharedIncarnations: listOf(read, 'lives').map(incarnationOf),
    ownIncarnations: listOf(read, 'ownLives').map(incarnationOf),
    authentication: authenticationOf(read.authentication),
  };
}

function authenticationOf(read: unknown): DelegatedAuthentication | undefined {
  if (read === undefined) return undefined;
  const rules = fieldsOf(read, 'authentication');
  return {
    ports: numbersOf(rules, 'ports'),
    hosts: textsOf(rules, 'hosts'),
    clusters: listOf(rules, 'clusters').map((cluster) => ({
      url: textOf(cluster, 'url'),
      backendIds: textsOf(cluster, 'backendIds'),
      groupIds: textsOf(cluster, 'groupIds'),
      openPorts: numbersOf(cluster, 'openPorts'),
      openHosts: textsOf(cluster, 'openHosts'),
    })),
  };
}

function fieldsOf(read: unknown, key: string): Record<string, unknown> {
  if (typeof read === 'object' && read !== null) return read as Record<string, unknown>;
  throw new Error(`expected an object in ${key}`);
}

function textsOf(read: Record<string, unknown>, key: string): string[] {
  const value = read[key];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw new Error(`expected a list of texts in ${key}`);
}

function numbersOf(read: Record<string, unknown>, key: string): number[] {
  const value = read[key];
  if (Array.isArray(value) && value.every((one) => Number.isInteger(one))) return value;
  throw new Error(`expected a list of whole numbers in ${key}`);
}

function incarnationOf(read: Record<string, unknown>): Incarnation {
  return { suffix: textOf(read, 'suffix'), ...coordinatorOf(read) };
}

/** The last four are not in files of older versions. */
function backendOf(read: Record<string, unknown>): KnownBackend {
  const { externalUrl = '', forwarding = Backend_Forwarding.PROXY, limited = false, coordinatorId = '' } = read;
  if (typeof externalUrl !== 'string' || (externalUrl !== '' && !URL.canParse(externalUrl)))
    throw new Error(`expected a URL in externalUrl, got ${JSON.stringify(externalUrl)}`);
  if (!Number.isInteger(forwarding)) throw new Error('expected the number of a setting in forwarding');
  if (typeof limited !== 'boolean') throw new Error('expected true or false in limited');
  if (typeof coordinatorId !== 'string') throw new Error('expected text in coordinatorId');
  return { ...coordinatorOf(read), externalUrl, forwarding: forwarding as Backend_Forwarding, limited, coordinatorId };
}

function coordinatorOf(read: Record<string, unknown>): Coordinator {
  const url = textOf(read, 'url');
  if (!URL.canParse(url)) throw new Error(`expected a URL, got ${JSON.stringify(url)}`);
  const { forwardedHeaders } = read;
  if (!Number.isInteger(forwardedHeaders)) throw new Error('expected the number of a setting in forwardedHeaders');
  const backendId = textOf(read, 'backendId');
  return { backendId, url, forwardedHeaders: forwardedHeaders as Backend_ForwardedHeaders, ...tlsOf(read.tls) };
}

/** Not in files of older versions. */
function tlsOf(read: unknown): Pick<Coordinator, 'tls'> {
  if (read === undefined) return {};
  const tls = fieldsOf(read, 'tls');
  const text = (name: string) => textOf(tls, name);
  return plainTls({
    caFile: text('caFile'),
    certFile: text('certFile'),
    keyFile: text('keyFile'),
    serverName: text('serverName'),
  });
}

function textOf(read: Record<string, unknown>, key: string): string {
  const value = read[key];
  if (typeof value !== 'string') throw new Error(`expected text in ${key}`);
  return value;
}

function listOf(read: Record<string, unknown>, key: string): Record<string, unknown>[] {
  const value = read[key];
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'object' || one === null))
    throw new Error(`expected a list of objects in ${key}`);
  return value;
}
