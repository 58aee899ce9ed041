import { type SealPlace, seal, unseal } from './seal.ts';

// What waits is facts and the bytes they are about, sealed as one text: the length of the facts' JSON in four bytes, the JSON, the
// bytes as they are.

/** Facts and bytes in one sealed text. */
export function sealRecord(facts: object, bytes: Uint8Array, place: SealPlace): Uint8Array<ArrayBuffer> {
  const json = Buffer.from(JSON.stringify(facts));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return seal(Buffer.concat([length, json, bytes]), place);
}

/** What was sealed; undefined when it was sealed for something else, or changed since. */
export function unsealRecord(sealed: Uint8Array, place: SealPlace): { facts: unknown; bytes: Buffer } | undefined {
  const plain = unseal(sealed, place);
  if (plain === undefined) return undefined;
  const end = 4 + plain.readUInt32BE();
  return { facts: JSON.parse(plain.subarray(4, end).toString()), bytes: plain.subarray(end) };
}
