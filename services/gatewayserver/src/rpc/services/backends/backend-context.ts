import type { RpcContext, Tables } from '../context.ts';

/** What the calls about backends use. */
export type BackendContext = Pick<RpcContext, 'configuration' | 'live' | 'ledger' | 'limits' | 'drains' | 'now'> &
  Tables<'configuration' | 'conditions'>;
