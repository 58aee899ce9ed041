import { timingSafeEqual } from 'node:crypto';
import { Code, ConnectError } from '@connectrpc/connect';
import { storedUser } from '../../../admission/ledger/stored-user.ts';
import type { Waiter } from '../../../admission/state/waiter.ts';
import { checkedId, invalid } from '../../../configuration/validation.ts';
import type { AdmissionContext } from './admission-context.ts';

type Context = Pick<AdmissionContext, 'ledger'>;

const HASH_BYTES = 32;

/** Known here, or to another replica. Anybody may ask for ids that never were: no lock is taken for them. */
export async function findWaiter({ ledger }: Context, queryId: string): Promise<Waiter> {
  const waiter = ledger.state().waiter(queryId) ?? (await ledger.refresh().then(() => ledger.state().waiter(queryId)));
  if (!waiter) throw unknownQuery();
  return waiter;
}

/** The waiter, for callers that know its secret. */
export async function authorisedWaiter(context: Context, queryId: string, secretHash: Uint8Array): Promise<Waiter> {
  checkedId(queryId, 'query_id');
  checkedHash(secretHash);
  const waiter = await findWaiter(context, queryId);
  if (!hasSecret(waiter, secretHash)) throw unknownQuery();
  return waiter;
}

/** Those that are not known here or to another replica, or not with this secret. */
export async function unauthorised(
  { ledger }: Context,
  queries: readonly { queryId: string; secretHash: Uint8Array }[],
): Promise<Set<string>> {
  for (const { queryId, secretHash } of queries) {
    checkedId(queryId, 'queries.query_id');
    checkedHash(secretHash);
  }
  const find = (id: string) => ledger.state().waiter(id);
  if (queries.some(({ queryId }) => find(queryId) === undefined)) await ledger.refresh();
  const strange = queries.filter(({ queryId, secretHash }) => {
    const waiter = find(queryId);
    return waiter === undefined || !hasSecret(waiter, secretHash);
  });
  return new Set(strange.map(({ queryId }) => queryId));
}

function hasSecret(waiter: Waiter, secretHash: Uint8Array): boolean {
  return timingSafeEqual(Buffer.from(waiter.secretHash, 'hex'), secretHash);
}

/** The waiter, for callers that have checked who its user is. */
export async function waiterOfUser(context: Context, queryId: string, user: string): Promise<Waiter> {
  checkedId(queryId, 'query_id');
  const waiter = await findWaiter(context, queryId);
  if (user === '' || waiter.user !== storedUser(user)) throw unknownQuery();
  return waiter;
}

/** The same whether the id exists or not. */
export function unknownQuery(): ConnectError {
  return new ConnectError('no such query waits, or the secret is not the one of its link', Code.NotFound);
}

export function checkedHash(hash: Uint8Array): Uint8Array {
  if (hash.length === HASH_BYTES) return hash;
  throw invalid('secret_hash', `expected ${HASH_BYTES} bytes, got ${hash.length}`);
}
