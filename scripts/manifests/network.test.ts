import { describe, expect, test } from '@jest/globals';
import { mayConnect, type Peer } from './network.ts';
import { type Manifest, readManifests, workloads } from './objects.ts';
import { LADEN, OVERLAYS, renderings } from './renderings.ts';

const { of, missing } = await renderings();
const rendered = missing === undefined ? describe : describe.skip;

const PORTS = { api: 8000, gatewayserverOps: 8001, monitorOps: 8002, routerOps: 8003, trino: 8080, trinoTls: 8443 };
const DATABASE_PORT: Record<string, number> = { mysql: 3306, postgres: 5432 };

/** A pod of the suite's namespace that is none of the suite's. */
const NEIGHBOUR: Peer = { name: 'neighbour', namespace: 'trino-gateway' };
/** Around the suite. A stranger runs in a namespace of its own; clients, database and API server are anywhere. */
const AROUND: Peer[] = [
  { name: 'trino', namespace: 'trino' },
  { name: 'prometheus', namespace: 'monitoring' },
  { name: 'dns', namespace: 'kube-system' },
  { name: 'stranger', namespace: 'default', labels: { 'app.kubernetes.io/name': 'router' } },
  { name: 'outside' },
];

const podsOf = (manifests: Manifest[]): Peer[] =>
  workloads(manifests).map(({ name, object, labels, pod }) => ({
    name,
    labels,
    ...(object.metadata.namespace && { namespace: object.metadata.namespace }),
    ports: Object.fromEntries(pod.containers[0]?.ports?.map((port) => [port.name, port.containerPort]) ?? []),
  }));

/** Every way from or to a pod of the suite that is open, as `from > to:port`. */
function openWays(manifests: Manifest[]): string[] {
  const pods = podsOf(manifests);
  const names = new Set(pods.map(({ name }) => name));
  const all = [...pods, ...AROUND, NEIGHBOUR];
  const ports = [...Object.values(PORTS), ...Object.values(DATABASE_PORT), 22, 53, 80, 443, 6443, 9000];
  return all.flatMap((from) =>
    all
      .filter((to) => from !== to && (names.has(from.name) || names.has(to.name)))
      .flatMap((to) =>
        ports
          .filter((port) => mayConnect(manifests, from, to, { port }))
          .map((port) => `${from.name} > ${to.name}:${port}`),
      ),
  );
}

/** The arrows of ARCHITECTURE.md, and what every pod needs: names, and being observed. */
function arrows(name: string): string[] {
  const { api, gatewayserverOps, monitorOps, routerOps, trino, trinoTls } = PORTS;
  const isSmall = name.startsWith('small');
  const database = DATABASE_PORT[name.split(' ')[0] ?? ''];
  // Where a policy names no peer, as addresses are not known here.
  const anywhere = (from: string, port: number) => AROUND.map((one) => `${from} > ${one.name}:${port}`);
  return [
    ...AROUND.map((one) => `${one.name} > router:${trino}`),
    ...['router', 'monitor', 'trino'].map((one) => `${one} > gatewayserver:${api}`),
    ...['router', 'monitor', 'gatewayserver'].flatMap((one) => [
      `${one} > trino:${trino}`,
      `${one} > trino:${trinoTls}`,
    ]),
    `prometheus > gatewayserver:${gatewayserverOps}`,
    `prometheus > monitor:${monitorOps}`,
    `prometheus > router:${routerOps}`,
    ...['gatewayserver', 'monitor', 'router', ...(isSmall ? [] : ['migrate'])].map((one) => `${one} > dns:53`),
    ...(database ? ['gatewayserver', 'migrate'].flatMap((one) => anywhere(one, database)) : []),
    ...(LADEN.includes(name) ? [...anywhere('monitor', 443), ...anywhere('monitor', 6443)] : []),
  ];
}

rendered.each([...OVERLAYS, ...LADEN])('%s', (name) => {
  test('the arrows of ARCHITECTURE.md are open, and nothing else is', () => {
    expect(openWays(of(name)).toSorted()).toEqual(arrows(name).toSorted());
  });

  test('names are asked for over UDP, too', () => {
    const dns = { name: 'dns', namespace: 'kube-system' };
    for (const pod of podsOf(of(name)))
      expect(mayConnect(of(name), pod, dns, { port: 53, protocol: 'UDP' })).toBe(true);
  });

  test('a pod that no policy of its own knows reaches nobody', () => {
    for (const other of AROUND) expect(mayConnect(of(name), NEIGHBOUR, other, { port: 443 })).toBe(false);
  });
});

test('a pod that no policy chooses is open, and a rule without peers or ports allows all', () => {
  const [a, b] = [
    { name: 'a', namespace: 'n' },
    { name: 'b', namespace: 'n' },
  ];
  const policy = (spec: string) =>
    readManifests(`{ kind: NetworkPolicy, metadata: { name: p, namespace: n }, spec: ${spec} }`);
  const open = (spec: string) => mayConnect(policy(spec), a, b, { port: 1 });
  expect(mayConnect([], a, b, { port: 1 })).toBe(true);
  expect(open('{ podSelector: {}, policyTypes: [Ingress] }')).toBe(false);
  expect(open('{ podSelector: {}, policyTypes: [Ingress], ingress: [{}] }')).toBe(true);
  expect(open('{ podSelector: {}, policyTypes: [Ingress], ingress: [{ ports: [{ port: 2 }] }] }')).toBe(false);
  expect(open('{ podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: {} }] }] }')).toBe(true);
  expect(open('{ podSelector: {}, policyTypes: [Egress], egress: [{ ports: [{ port: 1, protocol: UDP }] }] }')).toBe(
    false,
  );
});
