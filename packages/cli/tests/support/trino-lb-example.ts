/** A configuration of trino-lb with each of its routers, and things that have no counterpart. */
export const TRINO_LB = `
trinoLb:
  externalAddress: https://lb.example:8443
  persistence:
    inMemory: {}
trinoClusterGroups:
  s:
    maxRunningQueries: 3
    autoscaling:
      upscaleQueuedQueriesThreshold: 1
      downscaleRunningQueriesPercentageThreshold: 70
      drainIdleDurationBeforeShutdown: 60s
      minClusters: [{ timeUtc: 00:00:00 - 23:59:59, weekdays: Mon - Son, min: 0 }]
    trinoClusters:
      - name: trino-s-1
        endpoint: https://s-1.example:8443
        externalEndpoint: https://s-1.example:8443
        credentials: &common { username: admin, password: hunter2 }
  m:
    maxRunningQueries: 2
    trinoClusters:
      - { name: trino-m-1, endpoint: "https://m-1.example:8443", externalEndpoint: "https://m-1.public.example", credentials: *common }
  none:
    maxRunningQueries: 1
    trinoClusters: []
trinoClusterGroupsIgnoreCert: true
routers:
  - trinoRoutingGroupHeader: { headerName: X-Group }
  - clientTags:
      oneOf: ["etl", "nightly"]
      allOf: [x]
      trinoClusterGroup: m
  - clientTags: { allOf: ["a", "b"], trinoClusterGroup: s }
  - clientTags: { oneOf: ["c"], trinoClusterGroup: none }
  - pythonScript:
      script: |
        def targetClusterGroup(query, headers):
          return headers.get('x-trino-client-tags')
  - explainCosts:
      trinoClusterToRunExplainQuery: { endpoint: "https://s-1.example:8443/", ignoreCert: true, username: admin, password: hunter2 }
      targets:
        - { cpuCost: 5E+9, memoryCost: 5E9, networkCost: 10E9, outputRowCount: 1E6, outputSizeInBytes: 1E9, trinoClusterGroup: s }
        - { cpuCost: 5E+12, memoryCost: 5E12, networkCost: 5E12, outputRowCount: 1E9, outputSizeInBytes: 5E12, trinoClusterGroup: none }
  - weather: { sunny: s }
routingFallback: m
clusterAutoscaler:
  reconcileInterval: 1s
  stackable: { clusters: { trino-s-1: { name: trino-s-1, namespace: default } } }
newThing: 1
`;
