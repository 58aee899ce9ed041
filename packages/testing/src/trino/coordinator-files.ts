import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { KEYSTORE_PASSWORD } from './key-store.ts';
import type { TrinoVersion } from './versions.ts';

/** What a coordinator is like. Everything but the port has a default. */
export type CoordinatorSettings = {
  /** Default: TRINO_GATEWAY_TRINO of the environment, else the last release that is published whole. */
  version?: TrinoVersion;
  /** Shows in its node id and log messages; default `trino`. */
  name?: string;
  /** On 127.0.0.1; 0 or absent: a free one. */
  port?: number;
  /** False refuses requests with X-Forwarded-* headers (406), as Trino does by default; default true. */
  processForwarded?: boolean;
  /** Limits for all queries but our own probes: how many run at once, and how many may wait. */
  resourceGroup?: { hardConcurrencyLimit: number; maxQueued: number };
  /** Password authentication with one user; takes requests by https, or with X-Forwarded-Proto: https. */
  password?: { user: string; password: string };
  /** Further users of it, user to password. */
  otherPasswords?: Readonly<Record<string, string>>;
  /** Rules of file-based access control; default: everybody may do everything but impersonate. */
  accessRules?: object;
  /** A TLS port as well, with a self-signed certificate for localhost and 127.0.0.1. */
  httpsPort?: number;
  /** Where events of completed queries are posted, and the token that opens it; the plugin for it is a large download (event-listener.ts). */
  events?: { url: string; token?: string };
  /** Results are spooled to an object store for clients that take that (`X-Trino-Query-Data-Encoding`). */
  spooling?: SpoolingSettings;
  /** Further lines of config.properties; they win over ours. */
  properties?: Readonly<Record<string, string>>;
};

/** Where a coordinator spools results to, and how its clients fetch them. */
export type SpoolingSettings = {
  /** Such as `s3://spool/a/`; clusters that share a location and a key can read each other's segments. */
  location: string;
  /** Of the object store, such as `http://127.0.0.1:9000`. */
  endpoint: string;
  retrievalMode: 'STORAGE' | 'COORDINATOR_STORAGE_REDIRECT' | 'COORDINATOR_PROXY' | 'WORKER_PROXY';
  /** 32 bytes in base64; default drawn. */
  secretKey?: string;
};

/** The source our probes name; it has a resource group of its own, so that a full cluster does not look dead. */
export const PROBE_SOURCE = 'trino-gateway-probe';

/** The settings files of a one-node cluster, by path below its folder. */
export function coordinatorFiles(settings: CoordinatorSettings & { name: string; port: number }): Map<string, string> {
  const files = new Map<string, string>();
  for (const catalog of ['tpch', 'memory'])
    files.set(`etc/catalog/${catalog}.properties`, lines({ 'connector.name': catalog }));
  files.set('etc/config.properties', lines({ ...configProperties(settings), ...settings.properties }));
  if (settings.password !== undefined) {
    files.set(
      'etc/password-authenticator.properties',
      lines({ 'password-authenticator.name': 'file', 'file.password-file': 'etc/password.db' }),
    );
    const { user, password } = settings.password;
    const passwords = Object.entries({ [user]: password, ...settings.otherPasswords });
    files.set('etc/password.db', passwords.map(([name, its]) => `${name}:${hash(its)}\n`).join(''));
  }
  if (settings.accessRules !== undefined) {
    files.set(
      'etc/access-control.properties',
      lines({ 'access-control.name': 'file', 'security.config-file': 'etc/access-rules.json' }),
    );
    files.set('etc/access-rules.json', JSON.stringify(settings.accessRules));
  }
  if (settings.events !== undefined) files.set('etc/event-listener.properties', lines(eventListener(settings.events)));
  if (settings.spooling !== undefined)
    files.set('etc/spooling-manager.properties', lines(spoolingManager(settings.spooling)));
  if (settings.resourceGroup !== undefined) {
    files.set(
      'etc/resource-groups.properties',
      lines({
        'resource-groups.configuration-manager': 'file',
        'resource-groups.config-file': 'etc/resource-groups.json',
      }),
    );
    files.set('etc/resource-groups.json', JSON.stringify(resourceGroups(settings.resourceGroup)));
  }
  return files;
}

/** The plugins those files need. */
export function pluginNames(settings: CoordinatorSettings): string[] {
  return [
    'tpch',
    'memory',
    ...(settings.password === undefined ? [] : ['password-authenticators']),
    ...(settings.resourceGroup === undefined ? [] : ['resource-group-managers']),
    ...(settings.spooling === undefined ? [] : ['spooling-filesystem']),
    ...(settings.events === undefined ? [] : ['http-event-listener']),
  ];
}

function configProperties(settings: CoordinatorSettings & { name: string; port: number }): Record<string, string> {
  const { name, port, httpsPort, password, spooling } = settings;
  return {
    'node.id': name,
    'node.environment': 'sample',
    'node.bind-ip': '127.0.0.1',
    'node.internal-address': '127.0.0.1',
    coordinator: 'true',
    'node-scheduler.include-coordinator': 'true',
    'discovery.uri': `http://127.0.0.1:${port}`,
    'http-server.http.port': String(port),
    'http-server.process-forwarded': String(settings.processForwarded ?? true),
    'plugin.dir': 'plugin',
    // With static catalogs the first seconds of table queries fail with NO_NODES_AVAILABLE.
    'catalog.management': 'dynamic',
    // On a machine without time a node gives up on itself after one minute.
    'query.remote-task.max-error-duration': '5m',
    ...(httpsPort === undefined
      ? {}
      : {
          'http-server.https.enabled': 'true',
          'http-server.https.port': String(httpsPort),
          'http-server.https.keystore.path': 'etc/keystore.p12',
          'http-server.https.keystore.key': KEYSTORE_PASSWORD,
        }),
    ...(password === undefined
      ? {}
      : {
          'http-server.authentication.type': 'PASSWORD',
          'internal-communication.shared-secret': randomBytes(32).toString('base64'),
        }),
    ...(spooling === undefined
      ? {}
      : {
          'protocol.spooling.enabled': 'true',
          'protocol.spooling.retrieval-mode': spooling.retrievalMode,
          'protocol.spooling.shared-secret-key': spooling.secretKey ?? randomBytes(32).toString('base64'),
        }),
  };
}

function eventListener({ url, token }: { url: string; token?: string }): Record<string, string> {
  return {
    'event-listener.name': 'http',
    'http-event-listener.log-completed': 'true',
    'http-event-listener.connect-ingest-uri': url,
    'http-event-listener.connect-retry-count': '10',
    ...(token === undefined ? {} : { 'http-event-listener.connect-http-headers': `X-Auth-Key:${token}` }),
  };
}

function spoolingManager({ location, endpoint }: SpoolingSettings): Record<string, string> {
  return {
    'spooling-manager.name': 'filesystem',
    'fs.location': location,
    'fs.s3.enabled': 'true',
    's3.endpoint': endpoint,
    's3.region': 'us-east-1',
    's3.path-style-access': 'true',
    's3.aws-access-key': 'spooling',
    's3.aws-secret-key': 'spooling-secret',
  };
}

function resourceGroups(limits: { hardConcurrencyLimit: number; maxQueued: number }): unknown {
  return {
    rootGroups: [
      { name: 'probe', hardConcurrencyLimit: 100, maxQueued: 100 },
      { name: 'global', ...limits },
    ],
    selectors: [{ source: PROBE_SOURCE, group: 'probe' }, { group: 'global' }],
  };
}

/** PBKDF2WithHmacSHA1, as Trino's file authenticator reads it (EncryptionUtil). */
function hash(password: string): string {
  const [iterations, salt] = [1000, randomBytes(16)];
  const digest = pbkdf2Sync(password, salt, iterations, 32, 'sha1');
  return `${iterations}:${salt.toString('hex')}:${digest.toString('hex')}`;
}

function lines(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
