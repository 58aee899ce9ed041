import type { FoundObject } from './found-object.ts';

/** Where the coordinator of an object is, before its annotations. */
export type Address = { scheme: 'http' | 'https'; host: string; port: number };

/** What an annotation asks for. */
export type Asked = { scheme: string | undefined; port: string | undefined; service: string | undefined };

/** A kind of object that may stand for a backend. */
export type DiscoveredKind = {
  readonly kind: string;
  readonly apiVersion: string;
  readonly plural: string;
  /** @returns what is wrong, in words */
  address(object: FoundObject, asked: Asked): Address | string;
  /** Whether autoscaling can start and stop it as a TrinoCluster. */
  readonly isTrinoCluster: boolean;
};

type Port = { name?: unknown; port?: unknown; appProtocol?: unknown };

const SERVICE: DiscoveredKind = {
  kind: 'Service',
  apiVersion: 'v1',
  plural: 'services',
  isTrinoCluster: false,
  address: (object, { scheme, port: wanted, service }) => {
    if (service !== undefined) return 'service: expected only at a TrinoCluster';
    if (object.spec.type === 'ExternalName') return 'it is of type ExternalName, which leads out of the cluster';
    const ports = (Array.isArray(object.spec.ports) ? object.spec.ports : []) as Port[];
    const found = wanted === undefined ? usualPort(ports) : ports.find((one) => isCalled(one, wanted));
    if (found === undefined)
      return `port: expected the name or number of one of its ports (${ports.map(nameOf).slice(0, 5).join(', ') || 'it has none'})`;
    const port = Number(found.port);
    const read = readScheme(scheme) ?? (isSecure(found) ? 'https' : 'http');
    if (read === undefined || read === 'wrong') return 'scheme: expected http or https';
    return { scheme: read, host: `${object.name}.${object.namespace}.svc`, port };
  },
};

/** Of the Stackable operator; its coordinators have a Service of their own. */
const TRINO_CLUSTER: DiscoveredKind = {
  kind: 'TrinoCluster',
  apiVersion: 'trino.stackable.tech/v1alpha1',
  plural: 'trinoclusters',
  isTrinoCluster: true,
  address: (object, { scheme, port: wanted, service = `${object.name}-coordinator` }) => {
    const read = readScheme(scheme) ?? 'https';
    if (read === 'wrong') return 'scheme: expected http or https';
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(service)) return 'service: expected the name of a Service';
    const port = wanted === undefined ? (read === 'https' ? 8443 : 8080) : Number(wanted);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return 'port: expected a number from 1 to 65535';
    return { scheme: read, host: `${service}.${object.namespace}.svc`, port };
  },
};

/** All of them, by their names. */
export const DISCOVERED_KINDS: Readonly<Record<string, DiscoveredKind>> = {
  Service: SERVICE,
  TrinoCluster: TRINO_CLUSTER,
};

const USUAL = ['http', 'https', '8080', '8443'];

function usualPort(ports: readonly Port[]): Port | undefined {
  if (ports.length === 1) return ports[0];
  for (const name of USUAL) {
    const found = ports.find((one) => isCalled(one, name));
    if (found) return found;
  }
  return undefined;
}

function isCalled({ name, port }: Port, wanted: string): boolean {
  return name === wanted || String(port) === wanted;
}

function nameOf({ name, port }: Port): string {
  return typeof name === 'string' && name !== '' ? name : String(port);
}

function isSecure({ name, port, appProtocol }: Port): boolean {
  return name === 'https' || appProtocol === 'https' || port === 443 || port === 8443;
}

function readScheme(text: string | undefined): 'http' | 'https' | 'wrong' | undefined {
  if (text === undefined || text === 'http' || text === 'https') return text;
  return 'wrong';
}
