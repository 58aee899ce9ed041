import type { RpcContext, Tables } from '../context.ts';

/** What the calls about backends use. */
export type BackendContext = Pick<RpcContext, 'configuration' | 'live' | 'ledger' | 'now'> &
  Tables<'configuration' | 'conditions'>;
