import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  type EndTransactionRequest,
  type FindTransactionRequest,
  type RecordTransactionRequest,
  TransactionSchema,
} from '@trino-gateway/api/gateway';
import { isTransactionId } from '@trino-gateway/trino';
import { checkedId, checkedOrigin, invalid } from '../../../configuration/validation.ts';
import type { RpcContext, Tables } from '../context.ts';

// Open transactions are routing state, and so never answered from memory.

type Context = Pick<RpcContext, 'now'> & Tables<'transactions'>;

export async function recordTransaction({ store, now }: Context, { transaction }: RecordTransactionRequest) {
  if (!transaction) throw invalid('transaction', 'expected an object, got nothing');
  checkedTransactionId(transaction.id, 'transaction.id');
  checkedId(transaction.backendId, 'transaction.backend_id');
  const url = checkedOrigin(transaction.url, 'transaction.url');
  const recorded = create(TransactionSchema, { ...transaction, url });
  await store.transactions.record(recorded, new Date(now()));
  return { holder: (await store.transactions.find(transaction.id)) ?? recorded };
}

export async function findTransaction({ store }: Context, { id }: FindTransactionRequest) {
  const found = await store.transactions.find(checkedTransactionId(id, 'id'));
  if (found === undefined) throw new ConnectError(`no open transaction "${id}" is known`, Code.NotFound);
  return found;
}

export async function endTransaction({ store }: Context, { id }: EndTransactionRequest) {
  await store.transactions.end(checkedTransactionId(id, 'id'));
  return {};
}

function checkedTransactionId(id: string, field: string): string {
  if (!isTransactionId(id)) throw invalid(field, 'expected a transaction id: a UUID in lower case');
  return id;
}
