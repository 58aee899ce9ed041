import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { isSealed, SEALED_PREFIX } from '@trino-gateway/api/sealed-secret';

/**
 * The same object with each of its secrets changed. The place, which names the object, is part of what is encrypted: a secret that
 * is copied elsewhere opens nowhere.
 */
export type SecretsOf<Message> = (message: Message, change: (secret: string, place: string) => string) => Message;

/** The secrets inside stored objects: encrypted while they are stored, where there is a key. */
export type Secrets = {
  /** The same object as it is stored. What is encrypted already, since no key opened it, stays as it is. */
  sealed<Message>(of: SecretsOf<Message>, message: Message): Message;
  /** The same object as it is used. What no key opens stays encrypted. */
  opened<Message>(of: SecretsOf<Message>, message: Message): Message;
  /** Whether this stored object has a secret in clear, or under a key that is not the first. */
  isStale<Message>(of: SecretsOf<Message>, stored: Message): boolean;
};

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The first key encrypts, all decrypt; without one everything is stored as it is. */
export function createSecrets(texts: readonly string[]): Secrets {
  const keys = texts.map(keyOf);
  const [first] = keys;
  return {
    sealed: (of, message) =>
      first ? of(message, (text, place) => (isSealed(text) ? text : sealSecret(first, text, place))) : message,
    opened: (of, message) => of(message, (text, place) => openSecret(keys, text, place)),
    isStale: (of, stored) => {
      if (!first) return false;
      let isStale = false;
      of(stored, (text, place) => {
        const isReadable = !isSealed(openSecret(keys, text, place));
        isStale ||= isReadable && (!isSealed(text) || isSealed(openSecret([first], text, place)));
        return text;
      });
      return isStale;
    },
  };
}

/** Whether an object has a secret of which this holds. */
export function hasSecret<Message>(
  of: SecretsOf<Message>,
  message: Message,
  holds: (secret: string) => boolean,
): boolean {
  let has = false;
  of(message, (secret) => {
    has ||= holds(secret);
    return secret;
  });
  return has;
}

function keyOf(text: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', text, '', 'trino-gateway secrets', 32)));
}

function sealSecret(key: KeyObject, secret: string, place: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(place));
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return SEALED_PREFIX + Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64');
}

function openSecret(keys: readonly KeyObject[], stored: string, place: string): string {
  if (!isSealed(stored)) return stored;
  const bytes = Buffer.from(stored.slice(SEALED_PREFIX.length), 'base64');
  if (bytes.length < IV_BYTES + TAG_BYTES) return stored;
  const iv = bytes.subarray(0, IV_BYTES);
  for (const key of keys) {
    const cipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
    cipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    try {
      return Buffer.concat([cipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), cipher.final()]).toString();
    } catch {
      // Encrypted with another key.
    }
  }
  return stored;
}
