import type { TrinoRequest } from '@trino-gateway/trino';

/** A request for a link of a statement. */
export type Poll = Extract<TrinoRequest, { kind: 'poll' | 'partialCancel' }>;

/** The method it reaches a coordinator with. */
export const methodOf = (request: Poll): 'GET' | 'HEAD' | 'DELETE' =>
  request.kind === 'poll' ? request.method : 'DELETE';
