import { Backend_Forwarding, type SnapshotBackend } from '@trino-gateway/api/gateway';
import { type ClientView, viewAt } from '../http/client-address.ts';
import { kindOfStatement } from './statement-kind.ts';
import type { Submission } from './submission.ts';

/**
 * The client as a backend with forwarding DIRECT is to see it: the links of the first page then name the address at which the
 * client reaches the cluster itself. Undefined when the pages of this query pass the router, which is also so for
 * - what starts a transaction: every router has to know which coordinator holds it;
 * - X-Presto-* clients: only the router translates the headers of the later pages.
 */
export function directView(
  { forwarding, externalUrl, url }: SnapshotBackend,
  submission: Submission,
): ClientView | undefined {
  const { exchange } = submission;
  if (forwarding !== Backend_Forwarding.DIRECT || exchange.presto) return undefined;
  if (kindOfStatement(submission).kind === 'startTransaction') return undefined;
  return viewAtCluster({ externalUrl, url }, exchange.client);
}

/** The client as a cluster sees it that it reaches by the cluster's own address. */
export function viewAtCluster(
  { externalUrl, url }: Pick<SnapshotBackend, 'externalUrl' | 'url'>,
  client: ClientView,
): ClientView {
  return viewAt(client, externalUrl || url);
}
