import { equals } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { type RoutingChain, RoutingChainSchema, RoutingStep_OnFailure } from '@trino-gateway/api/gateway';
import { HIDDEN_SECRET } from '@trino-gateway/api/sealed-secret';
import { withSecrets } from '@trino-gateway/api/secret-fields';
import { type Named, type Problem, placeInChain } from '@trino-gateway/api/validation';
import { chainChecks } from '../routing/chain/chain-checks.ts';
import { stepKinds } from '../routing/steps/registry.ts';
import { refuseProblems } from './validation.ts';

/** What is known of a chain before it is stored. */
export const chainRules = chainChecks(stepKinds);

/** Whether a group or a backend exists. */
export type Exists = (kind: Named['kind'], id: string) => boolean;

const SHOWN_PROBLEMS = 100;

/** A chain as it is stored: with defaults, without output-only fields. */
export function storableChain(chain: RoutingChain, managedBy: string): RoutingChain {
  const { version: _, storedAt: __, ...content } = chain;
  const steps = chain.steps.map((step) => ({ ...step, onFailure: step.onFailure || RoutingStep_OnFailure.ABSTAIN }));
  return { ...content, steps, managedBy };
}

/** Whether two chains are the same but for their versions. */
export function saysTheSame(one: RoutingChain, other: RoutingChain): boolean {
  return equals(RoutingChainSchema, storableChain(one, one.managedBy), storableChain(other, other.managedBy));
}

/** A chain as reads answer it. */
export function shownChain(chain: RoutingChain): RoutingChain {
  return withSecrets(RoutingChainSchema, chain, () => HIDDEN_SECRET);
}

/** INVALID_ARGUMENT with all that is wrong with a chain, each problem with its step and rule. */
export function refuseBrokenChain(chain: RoutingChain, problems: readonly Problem[], exists: Exists): void {
  const told = [...problems, ...danglingProblems(chain, exists)].map(({ field, message }) => {
    const place = placeInChain(chain, field);
    return { field: `chain.${field}`, message: place === '' ? message : `${message} (${place})` };
  });
  refuseProblems(told, SHOWN_PROBLEMS);
}

/** The groups and backends that a chain names, and that do not exist. */
export function danglingProblems(chain: RoutingChain, exists: Exists): Problem[] {
  return chainRules
    .names(chain)
    .filter(({ kind, id }) => !exists(kind, id))
    .map(({ kind, id, field }) => ({ field, message: `expected a ${kind} that exists, got ${JSON.stringify(id)}` }));
}

/** What of a chain keeps a group or a backend from being deleted: `step "rules", rule "raw" of the routing chain`. */
export function chainReferrers(chain: RoutingChain | undefined, kind: Named['kind'], id: string): string[] {
  if (chain === undefined) return [];
  const fields = chainRules.names(chain).filter((named) => named.kind === kind && named.id === id);
  return fields.map(({ field }) => `${placeInChain(chain, field) || field} of the routing chain`);
}

/** The chain with the secrets that it keeps: those that are given as ******** are as they are stored. */
export function withStoredChainSecrets(wanted: RoutingChain, before: RoutingChain | undefined): RoutingChain {
  const stored = new Map<string, string>();
  if (before)
    withSecrets(RoutingChainSchema, before, (secret, place) => {
      stored.set(place, secret);
      return secret;
    });
  const missing: Problem[] = [];
  const kept = withSecrets(RoutingChainSchema, wanted, (secret, place) => {
    if (secret !== HIDDEN_SECRET) return secret;
    const known = stored.get(place);
    if (known === undefined)
      missing.push({ field: `chain.${place}`, message: 'expected a secret: none is stored here that could be kept' });
    return known ?? secret;
  });
  refuseProblems(missing, SHOWN_PROBLEMS);
  return kept;
}

/** ABORTED when a chain was read at another version than is in force. Nothing of it is lost: whoever sent it still has it. */
export function refuseOtherVersion(read: number | undefined, before: RoutingChain | undefined): void {
  const version = before?.version ?? 0;
  if (read === undefined || read === version) return;
  throw new ConnectError(
    `the routing chain is at version ${version} by now, not at ${read} as it was read: nothing was stored; read it again, see what changed (compare ${read} with ${version}), and put your changes with version ${version}`,
    Code.Aborted,
  );
}

/** FAILED_PRECONDITION while a configuration file declares the chain. */
export function refuseDeclaredChain(before: RoutingChain | undefined): void {
  if (before?.managedBy !== 'file') return;
  throw new ConnectError(
    'the routing chain is declared in the configuration file: change it there, and send SIGHUP or restart',
    Code.FailedPrecondition,
  );
}
