/** A backend to register. */
export type PlannedBackend = { id: string; url: string };

/** Where the clusters come from. */
export type Plan =
  /** Named in BACKENDS. */
  | { clusters: 'given'; backends: PlannedBackend[] }
  /** Declared in the configuration file. */
  | { clusters: 'declared'; backendIds: string[] }
  /** None are known: two are started on these ports (0: any free one). */
  | { clusters: 'samples'; ports: [number, number] };

/** What of its settings decides where the API may be served. */
type ApiSettings = { listen: { host: string; port: number }; admin_token?: string | undefined; allow_open: boolean };

/**
 * Where to serve the API instead: without a token on this machine alone, where everywhere was meant or nothing was said.
 * Undefined leaves it as it is.
 */
export function loopbackInstead({ listen, admin_token, allow_open }: ApiSettings): string | undefined {
  const isEverywhere = listen.host === '0.0.0.0' || listen.host === '::';
  return isEverywhere && admin_token === undefined && !allow_open ? `127.0.0.1:${listen.port}` : undefined;
}

/** Something the user gave is not what it should be; the message says which variable, what it is and what was expected. */
export class BadSetting extends Error {
  override readonly name = 'BadSetting';
}

/** The ports of the sample clusters when SAMPLE_PORTS does not name others. */
export const DEFAULT_SAMPLE_PORTS = '18881,18882';

/**
 * Decides which clusters to use: BACKENDS before those a configuration file declares, else samples.
 * @throws BadSetting
 */
export function readPlan(
  env: { BACKENDS?: string | undefined; SAMPLE_PORTS?: string | undefined },
  declaredIds: readonly string[],
): Plan {
  const given = (env.BACKENDS ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((url) => ({ id: backendId(url), url: new URL(url).origin }));
  const repeated = given.find(({ id }, at) => given.findIndex((other) => other.id === id) !== at);
  if (repeated) throw new BadSetting(`BACKENDS: expected each cluster once, "${repeated.url}" is repeated`);
  if (given.length > 0) return { clusters: 'given', backends: given };
  if (declaredIds.length > 0) return { clusters: 'declared', backendIds: [...declaredIds] };
  return { clusters: 'samples', ports: samplePorts(env.SAMPLE_PORTS || DEFAULT_SAMPLE_PORTS) };
}

/** The id of a cluster by its address, the same whatever else is registered: `trino.example-8080`. */
function backendId(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin =
    url && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/' && !url.search && !url.hash;
  if (!isOrigin || url.username || url.password)
    throw new BadSetting(
      `BACKENDS: expected a comma list of addresses such as http://host:8080, without user and path, got "${withoutUser(text)}"`,
    );
  const host = url.hostname.replace(/^\[|\]$/g, '').replaceAll(':', '-');
  return `${host}${url.port ? `-${url.port}` : ''}`.slice(-128);
}

function withoutUser(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//…@');
}

function samplePorts(text: string): [number, number] {
  const [first, second, ...more] = text.split(',').map((part) => (/^\s*\d{1,5}\s*$/.test(part) ? Number(part) : -1));
  const fits = (port: number | undefined): port is number => port !== undefined && port >= 0 && port <= 65_535;
  if (!fits(first) || !fits(second) || more.length > 0)
    throw new BadSetting(`SAMPLE_PORTS: expected two ports such as ${DEFAULT_SAMPLE_PORTS}, got "${text}"`);
  return [first, second];
}
