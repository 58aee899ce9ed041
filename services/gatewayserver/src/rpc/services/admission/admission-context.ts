import type { RpcContext, Tables } from '../context.ts';

/** What the calls about slots and queues use. */
export type AdmissionContext = Pick<
  RpcContext,
  'configuration' | 'live' | 'ledger' | 'limits' | 'admissionMetrics' | 'stopping' | 'logger'
> &
  Tables<'sealedTexts'>;
