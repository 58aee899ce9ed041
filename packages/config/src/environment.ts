import type { Complain } from './sections/complain.ts';
import { SECRET_KEYS, type SectionName, sections } from './sections/index.ts';

const PREFIX = 'TRINO_GATEWAY_';

// Kubernetes tells every container of a namespace about its Services this way: of one called trino-gateway-router by
// TRINO_GATEWAY_ROUTER_SERVICE_HOST, TRINO_GATEWAY_ROUTER_PORT_8080_TCP_ADDR and the like.
const SERVICE_LINK = /_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** The environment variable that sets a key. */
export function variableOf(section: SectionName, key: string): string {
  return `${PREFIX}${section.toUpperCase()}_${key.toUpperCase()}`;
}

/** Whether a key holds a secret, which is never shown and may be given as a file. */
export function isSecret(key: string): boolean {
  return (SECRET_KEYS as readonly string[]).includes(key);
}

/** Complains about variables that set no key: a misspelt one would otherwise be ignored in silence. */
export function complainAboutUnknownVariables(env: Record<string, string | undefined>, complain: Complain): void {
  const known = new Set(
    (Object.keys(sections) as SectionName[]).flatMap((section) =>
      Object.keys(sections[section].shape).flatMap((key) => {
        const variable = variableOf(section, key);
        return isSecret(key) ? [variable, `${variable}_FILE`] : [variable];
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

/** Complains about the variable by which Node stops verifying certificates, those of every connection. */
export function complainAboutUnverified(env: Record<string, string | undefined>, complain: Complain): void {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    complain(
      'NODE_TLS_REJECT_UNAUTHORIZED',
      'expected it unset: certificates are verified always; docs/tls.md says how authorities of your own are trusted',
    );
}
