import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { type SuiteService, TransactionSchema } from '@trino-gateway/api/gateway';
import { isTransactionId } from '@trino-gateway/trino';
import { checkedId, checkedOrigin, invalid } from '../../configuration/validation.ts';
import type { RpcContext } from './context.ts';

/** The calls about open transactions: routing state, so never answered from memory. */
export function transactionCalls({
  store,
  now,
}: RpcContext): Pick<ServiceImpl<typeof SuiteService>, 'recordTransaction' | 'findTransaction' | 'endTransaction'> {
  return {
    async recordTransaction({ transaction }) {
      if (!transaction) throw invalid('transaction', 'expected an object, got nothing');
      checkedTransactionId(transaction.id, 'transaction.id');
      checkedId(transaction.backendId, 'transaction.backend_id');
      const url = checkedOrigin(transaction.url, 'transaction.url');
      const recorded = create(TransactionSchema, { ...transaction, url });
      await store.transactions.record(recorded, new Date(now()));
      return { holder: (await store.transactions.find(transaction.id)) ?? recorded };
    },

    async findTransaction({ id }) {
      const found = await store.transactions.find(checkedTransactionId(id, 'id'));
      if (found === undefined) throw new ConnectError(`no open transaction "${id}" is known`, Code.NotFound);
      return found;
    },

    async endTransaction({ id }) {
      await store.transactions.end(checkedTransactionId(id, 'id'));
      return {};
    },
  };
}

function checkedTransactionId(id: string, field: string): string {
  if (!isTransactionId(id)) throw invalid(field, 'expected a transaction id: a UUID in lower case');
  return id;
}
