import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type SharedCluster, sharedCluster } from '../../real/shared-clusters.ts';

/** A suite before the two shared clusters: the first listener leads to the one, the second to the other. */
export type Stage = AsyncDisposable & {
  readonly suite: Suite;
  readonly clusters: Readonly<Record<ClusterKind, SharedCluster>>;
  /** Where the router leads to this cluster. */
  through(kind: ClusterKind): string;
};

/** Whether a cluster trusts X-Forwarded-* headers or answers 406 to them. */
export type ClusterKind = (typeof clusterKinds)[number];
export const clusterKinds = ['accepting', 'rejecting'] as const;

/** Of whoever names this source a rule says that it has this tag, too. */
export const TAGGED = { source: 'conformance-tagged', tag: 'added-by-a-rule' };

/**
 * Starts the suite; the clusters, too, when no file of the run has.
 * @param router further settings of the router
 */
export async function startStage(router: Record<string, string> = {}): Promise<Stage> {
  const clusters = { accepting: await sharedCluster('accepting'), rejecting: await sharedCluster('rejecting') };
  await using started = new AsyncDisposableStack();
  const suite = started.use(await startSuite({ listeners: clusterKinds.length, router }));
  for (const kind of clusterKinds) {
    await suite.addBackends({ [kind]: clusters[kind].url });
    await suite.addGroup(kind, [kind]);
  }
  const rules = clusterKinds.flatMap((groupId, at) => {
    const when = `listening_port == ${suite.router.ports[at]}`;
    return [
      {
        id: `${groupId}-tagged`,
        when: `${when} && source == '${TAGGED.source}'`,
        groupId,
        addClientTags: [TAGGED.tag],
      },
      { id: groupId, when, groupId },
    ];
  });
  await suite.call('RoutingService/PutRoutingChain', {
    chain: { timeLimitMs: 30_000, steps: [{ id: 'rules', rules: { rules } }] },
  });
  const owned = started.move();
  return {
    suite,
    clusters,
    through: (kind) => suite.router.urls[clusterKinds.indexOf(kind)] ?? '',
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
