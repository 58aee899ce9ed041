import type { RpcContext } from '../context.ts';

/** What the calls about slots and queues use. */
export type AdmissionContext = Pick<
  RpcContext,
  'store' | 'configuration' | 'live' | 'ledger' | 'limits' | 'admissionMetrics' | 'stopping' | 'logger'
>;
