import { availableParallelism } from 'node:os';
import { policyRules } from '@trino-gateway/api/policy-rules';
import { formatAddress, isLoopback } from '@trino-gateway/runtime/address';
import type { Declared } from './declared.ts';
import type { Complain } from './sections/complain.ts';
import type { GatewayserverConfig, MonitorConfig, RouterConfig, SectionName } from './sections/index.ts';

type Address = RouterConfig['ops_listen'];

/** What belongs together: the sections, and how each names the origin of a key. */
export type Whole = {
  gatewayserver: GatewayserverConfig;
  monitor: MonitorConfig;
  router: RouterConfig;
  declared: Declared;
  /** The sections that file or environment say anything about: the others may run elsewhere, by another file. */
  given: ReadonlySet<SectionName>;
  originOf(section: SectionName, key: string): string;
};

/**
 * Complains about what each process alone could live with, and the suite cannot: what one section or list says does not fit
 * another. One process may get its part from elsewhere, so a start only warns.
 */
export function complainAboutDoubts(whole: Whole, complain: Complain): void {
  complainAboutDefaultGroup(whole, complain);
  complainAboutPorts(whole, complain);
  complainAboutPolicyPorts(whole, complain);
  complainAboutUrls(whole.declared, complain);
  complainAboutTokenFiles(whole, complain);
  complainAboutUnusedTls(whole, complain);
  complainAboutWorkers(whole, complain);
}

/** They would only take turns. */
function complainAboutWorkers({ router: { workers }, originOf }: Whole, complain: Complain): void {
  const cores = availableParallelism();
  if (workers > cores && workers > 1)
    complain(
      originOf('router', 'workers'),
      `expected one for each core at most, got ${workers}: this machine has ${cores}`,
    );
}

function complainAboutDefaultGroup({ gatewayserver, declared, originOf }: Whole, complain: Complain): void {
  const id = gatewayserver.default_group;
  if (id === undefined || declared.groups.length === 0) return;
  const group = declared.groups.find((one) => one.id === id);
  if (!group)
    complain(originOf('gatewayserver', 'default_group'), `expected a group declared in this file, got "${id}"`);
  else if (group.enabled === false)
    complain(originOf('gatewayserver', 'default_group'), `expected an enabled group, "${id}" is disabled in this file`);
}

type Listener = { section: SectionName; key: string; address: Address };

function listenersOf({ gatewayserver, monitor, router, given }: Whole): Listener[] {
  const all: Listener[] = [
    { section: 'gatewayserver', key: 'listen', address: gatewayserver.listen },
    { section: 'gatewayserver', key: 'ops_listen', address: gatewayserver.ops_listen },
    { section: 'monitor', key: 'ops_listen', address: monitor.ops_listen },
    ...router.listen.map((address) => ({ section: 'router', key: 'listen', address }) as const),
    ...(router.tls_listen ?? []).map((address) => ({ section: 'router', key: 'tls_listen', address }) as const),
    { section: 'router', key: 'ops_listen', address: router.ops_listen },
  ];
  return all.filter(({ section }) => given.has(section));
}

function complainAboutPorts(whole: Whole, complain: Complain): void {
  const listeners = listenersOf(whole);
  for (const [at, one] of listeners.entries()) {
    const other = listeners.slice(0, at).find(({ address }) => collide(address, one.address));
    if (!other) continue;
    const where = `${formatAddress(other.address)} of ${whole.originOf(other.section, other.key)}`;
    complain(
      whole.originOf(one.section, one.key),
      `expected a port of its own, ${formatAddress(one.address)} takes that of ${where}`,
    );
  }
}

/** Whether two listeners cannot both have their port on one machine. */
function collide(a: Address, b: Address): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  const [first, second] = [a.host.toLowerCase(), b.host.toLowerCase()];
  if (first === second || isWildcard(first) || isWildcard(second)) return true;
  return (first === 'localhost' && isLoopback(second)) || (second === 'localhost' && isLoopback(first));
}

function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

function complainAboutPolicyPorts({ router, declared }: Whole, complain: Complain): void {
  const ports = [...router.listen, ...(router.tls_listen ?? [])].map(({ port }) => port);
  // Port 0 is any free one.
  if (ports.includes(0)) return;
  declared.policies.forEach(({ rule }, index) => {
    const port = policyRules.entryPoint(rule)?.listeningPort;
    if (port === undefined || ports.includes(port)) return;
    const keys = router.tls_listen === undefined ? 'router.listen' : 'router.listen or router.tls_listen';
    const known = `the port of a listener of ${keys} (${ports.join(', ')})`;
    complain(`policies[${index}].listening_port`, `expected ${known}, got ${port}`);
  });
}

function complainAboutUrls({ backends }: Declared, complain: Complain): void {
  const seen = new Map<string, string>();
  backends.forEach(({ id, url }, index) => {
    if (!URL.canParse(url)) return;
    const { href } = new URL(url);
    const first = seen.get(href);
    if (first === undefined) seen.set(href, id);
    else
      complain(
        `backends[${index}].url`,
        `expected each cluster once, ${url} is that of backend "${first}", whose limits would not count here`,
      );
  });
}

function complainAboutTokenFiles({ gatewayserver, monitor, declared, given }: Whole, complain: Complain): void {
  const folders = { gatewayserver: gatewayserver.token_folder, monitor: monitor.token_folder };
  const without = (['gatewayserver', 'monitor'] as const).filter(
    (name) => given.has(name) && folders[name] === undefined,
  );
  declared.backends.forEach(({ probe }, index) => {
    if (!probe?.tokenFile || without.length === 0) return;
    const keys = without.map((name) => `${name}.token_folder`).join(' and ');
    complain(
      `backends[${index}].probe.token_file`,
      `expected ${keys} beside it: token files are read below that folder only`,
    );
  });
}

/** Files for TLS that no connection uses, and connections that do not use it although the other end asks for it. */
function complainAboutUnusedTls(whole: Whole, complain: Complain): void {
  const { gatewayserver, given, originOf } = whole;
  for (const section of ['monitor', 'router'] as const) {
    if (!given.has(section)) continue;
    const { gatewayserver_url: urls, ...keys } = whole[section];
    const isPlain = urls.every((url) => url.startsWith('http:'));
    for (const key of ['gatewayserver_ca_file', 'gatewayserver_cert_file'] as const)
      if (isPlain && keys[key] !== undefined)
        complain(originOf(section, key), `expected an https URL in ${section}.gatewayserver_url, which uses it`);
    if (!given.has('gatewayserver') || gatewayserver.tls_cert_file === undefined) continue;
    const own = urls.filter((url) => namesListener(url, gatewayserver.listen));
    for (const url of own.filter((one) => one.startsWith('http:')))
      complain(
        originOf(section, 'gatewayserver_url'),
        `expected https, as gatewayserver.tls_cert_file is set, got "${url}"`,
      );
    if (own.length > 0 && gatewayserver.tls_client_ca_file !== undefined && keys.gatewayserver_cert_file === undefined)
      complain(
        originOf(section, 'gatewayserver_url'),
        `expected ${section}.gatewayserver_cert_file beside it, as gatewayserver.tls_client_ca_file is set`,
      );
  }
}

/** Whether a URL leads to a listener on this machine. */
function namesListener(url: string, { port }: Address): boolean {
  const { hostname, port: named, protocol } = new URL(url);
  return isLoopback(hostname) && Number(named || (protocol === 'https:' ? 443 : 80)) === port;
}
