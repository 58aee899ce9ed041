import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Backend } from '@trino-gateway/api/gateway';
import { isSealed, PROBE_SECRETS, SEALED_PREFIX, withProbeSecrets } from '@trino-gateway/api/sealed-secret';

/** The secrets inside stored objects: encrypted while they are stored, where there is a key. */
export type Secrets = {
  /** The same backend as it is stored. What is encrypted already, since no key opened it, stays as it is. */
  sealed(backend: Backend): Backend;
  /** The same backend as it is used. What no key opens stays encrypted. */
  opened(backend: Backend): Backend;
  /** Whether this stored backend has a secret in clear, or under a key that is not the first. */
  isStale(stored: Backend): boolean;
};

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The first key encrypts, all decrypt; without one everything is stored as it is. */
export function createSecrets(texts: readonly string[]): Secrets {
  const keys = texts.map((text) => new Uint8Array(hkdfSync('sha256', text, '', 'trino-gateway secrets', 32)));
  const [first] = keys;
  const openedBy = (some: readonly Uint8Array[], backend: Backend) =>
    withSecrets(backend, (text, place) => openSecret(some, text, place));
  const opened = (backend: Backend) => openedBy(keys, backend);
  return {
    sealed: (backend) =>
      first ? withSecrets(backend, (text, place) => (isSealed(text) ? text : sealSecret(first, text, place))) : backend,
    opened,
    isStale: (stored) => {
      if (!first) return false;
      const [read, byFirst] = [opened(stored).probe, openedBy([first], stored).probe];
      return PROBE_SECRETS.some((name) => {
        if (!read?.[name] || isSealed(read[name])) return false;
        return !isSealed(stored.probe?.[name]) || isSealed(byFirst?.[name]);
      });
    },
  };
}

/** The place is part of what is encrypted: a secret that is copied to another backend opens nowhere. */
function withSecrets(backend: Backend, change: (secret: string, place: string) => string): Backend {
  const { id, probe } = backend;
  if (probe === undefined) return backend;
  return {
    ...backend,
    probe: withProbeSecrets(probe, (secret, name) => change(secret, `backend ${id} probe.${name}`)),
  };
}

function sealSecret(key: Uint8Array, secret: string, place: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(place));
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return SEALED_PREFIX + Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64');
}

function openSecret(keys: readonly Uint8Array[], stored: string, place: string): string {
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
