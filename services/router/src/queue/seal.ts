import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

// What waits is encrypted with a key that only the client's link holds: the database alone reveals nothing.

/** What a sealed text is: each kind has a key of its own. */
export type SealedKind = 'statement' | 'answer';

/** What a text is sealed for: it opens only for the same. */
export type SealPlace = { kind: SealedKind; queryId: string; secret: Uint8Array };

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** Version, nonce, text in AES-256-GCM, tag. */
export function seal(plain: Uint8Array, place: SealPlace): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(place), nonce);
  const head = Buffer.of(VERSION);
  cipher.setAAD(head);
  return Buffer.concat([head, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The text; undefined when it was sealed for something else, or changed since. */
export function unseal(sealed: Uint8Array, place: SealPlace): Buffer | undefined {
  if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== VERSION) return undefined;
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, keyOf(place), nonce);
  decipher.setAAD(sealed.subarray(0, 1));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/**
 * Facts and bytes in one sealed text: the length of the facts' JSON in four bytes, the JSON, the bytes as they are.
 */
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

const hashes = new WeakMap<Uint8Array, Uint8Array<ArrayBuffer>>();

/** What the store knows of a secret. The secret of a ticket is hashed once, for all polls of it. */
export function hashOfSecret(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  const known = hashes.get(secret);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(secret).digest();
  hashes.set(secret, hash);
  return hash;
}

/** Node takes keys as objects; to find out that bytes are none costs it more than the cipher. */
function keyOf({ kind, queryId, secret }: SealPlace): KeyObject {
  const derived = hkdfSync('sha256', createSecretKey(secret), queryId, `trino gateway: sealed ${kind}`, 32);
  return createSecretKey(new Uint8Array(derived));
}
