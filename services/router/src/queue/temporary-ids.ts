import { temporaryQueryId } from '@trino-gateway/trino';

/** Makes ids of the gateway's own, for statements that no cluster has, at this moment in epoch milliseconds. */
export type TemporaryIds = (nowMs: number) => string;

/** `random` draws that many bytes. */
export function createTemporaryIds(random: (bytes: number) => Uint8Array): TemporaryIds {
  let counter = 0;
  return (nowMs) => temporaryQueryId(new Date(nowMs), counter++, random(4));
}
