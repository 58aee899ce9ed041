import type { TlsFiles, TlsPart } from '@trino-gateway/runtime/tls-files';
import type { Complain } from './complain.ts';
import type { GatewayserverConfig, MonitorConfig, RouterConfig, SectionName } from './index.ts';

/** Keys that belong together: what a process trusts, and the certificate that it shows with its key. */
type TlsKeys = {
  ca?: string;
  cert: string;
  key: string;
  /** Trusting is for naught without a certificate of its own. */
  caNeedsCert?: true;
  /** Listeners of their own, for which alone the files are. */
  listen?: string;
};

const OF_GATEWAYSERVER = {
  ca: 'gatewayserver_ca_file',
  cert: 'gatewayserver_cert_file',
  key: 'gatewayserver_key_file',
};

/** Of each section. */
const TLS_KEYS: Readonly<Record<SectionName, readonly TlsKeys[]>> = {
  gatewayserver: [
    { ca: 'tls_client_ca_file', cert: 'tls_cert_file', key: 'tls_key_file', caNeedsCert: true },
    { ca: 'database_ca_file', cert: 'database_cert_file', key: 'database_key_file' },
  ],
  monitor: [OF_GATEWAYSERVER],
  router: [OF_GATEWAYSERVER, { cert: 'tls_cert_file', key: 'tls_key_file', listen: 'tls_listen' }],
};

type SectionConfig = GatewayserverConfig | MonitorConfig | RouterConfig;

/** Complains about keys without those that they need: a certificate without its key, authorities that nobody would be checked by. */
export function complainAboutTlsKeys(section: SectionName, config: SectionConfig, complain: Complain): void {
  const values = config as Record<string, unknown>;
  for (const { ca, cert, key, caNeedsCert, listen } of TLS_KEYS[section]) {
    const has = (one: string) => values[one] !== undefined;
    const needs = (one: string, other: string) => complain(one, `expected ${section}.${other} beside it`);
    if (has(cert) && !has(key)) needs(cert, key);
    if (has(key) && !has(cert)) needs(key, cert);
    if (ca !== undefined && caNeedsCert && has(ca) && !has(cert)) needs(ca, cert);
    if (listen === undefined) continue;
    if (has(listen) && !has(cert) && !has(key)) needs(listen, cert);
    for (const file of [cert, key]) if (has(file) && !has(listen)) needs(file, listen);
  }
}

/** The files that belong together, each by what set its key. */
export function tlsFilesOf(
  section: SectionName,
  config: SectionConfig,
  originOf: (key: string) => string,
): readonly TlsFiles[] {
  const values = config as Record<string, unknown>;
  const file = (part: TlsPart, name: string | undefined): TlsFiles => {
    const path = name === undefined ? undefined : values[name];
    return name !== undefined && typeof path === 'string' ? { [part]: { field: originOf(name), path } } : {};
  };
  return TLS_KEYS[section].map(({ ca, cert, key }) => ({
    ...file('ca', ca),
    ...file('cert', cert),
    ...file('key', key),
  }));
}
