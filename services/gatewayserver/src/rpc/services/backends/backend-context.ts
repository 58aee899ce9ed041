import type { RpcContext } from '../context.ts';

/** What the calls about backends use. */
export type BackendContext = Pick<RpcContext, 'store' | 'configuration' | 'live' | 'ledger' | 'now'>;
