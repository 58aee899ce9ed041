import type { KubernetesObject } from './kubernetes-calls.ts';

const ANY = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** As much of the definition of the Stackable operator as says whether a cluster is stopped, and how it is. */
export const TRINO_CLUSTERS = definition(
  'trino.stackable.tech',
  'v1alpha1',
  { plural: 'trinoclusters', singular: 'trinocluster', kind: 'TrinoCluster' },
  {
    type: 'object',
    properties: {
      spec: {
        ...ANY,
        properties: {
          clusterOperation: {
            type: 'object',
            default: {},
            properties: {
              stopped: { type: 'boolean', default: false },
              reconciliationPaused: { type: 'boolean', default: false },
            },
          },
        },
      },
      status: ANY,
    },
  },
);

/** Something with replicas. */
export const FLEETS = definition(
  'fleet.example.com',
  'v1',
  { plural: 'fleets', singular: 'fleet', kind: 'Fleet' },
  {
    type: 'object',
    properties: {
      spec: { ...ANY, properties: { replicas: { type: 'integer', minimum: 0 } } },
      status: { ...ANY, properties: { replicas: { type: 'integer' } } },
    },
  },
  { scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
);

function definition(
  group: string,
  version: string,
  names: { plural: string; singular: string; kind: string },
  schema: object,
  subresources: object = {},
): KubernetesObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { ...names, listKind: `${names.kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {}, ...subresources },
        },
      ],
    },
  };
}
