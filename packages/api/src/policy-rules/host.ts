import { comparableHost } from '@trino-gateway/trino/host';
import { check, quote } from '../problem.ts';
import { lookUpByKey } from './look-up-by-key.ts';
import type { PolicyRuleKind } from './policy-rule-kind.ts';

/** The host that a client asked for. */
export const host: PolicyRuleKind<string> = {
  field: 'host',
  problems: (name) => check(isHost(name), 'host', `expected a host name or address without a port, got ${quote(name)}`),
  normalize: (name) => name,
  describe: (name) => `host ${name}`,
  entryPoint: (name) => ({ host: comparableHost(name) }),
  compile: (policies, summarize) => {
    const byHost = lookUpByKey(policies, comparableHost, summarize);
    // What is no host is empty, in a rule as in a request: those two never match.
    return (request) => (request.host === '' ? undefined : byHost.get(request.host));
  },
};

/** A host as policies compare it, in any case and any spelling of IPv6; what is not compared is no part of a rule. */
export function isHost(text: string): boolean {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (bare.includes(':')) return comparableHost(`[${bare}]`) !== '';
  return text.length <= 253 && comparableHost(text) !== '' && /^[a-z0-9](.*[a-z0-9])?$/i.test(text);
}
