import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate and its private key, as PEM. */
export type Certificate = { cert: string; key: string };

/** Milliseconds since 1970. */
export type Validity = { from: number; to: number };

/** An authority of its own, which nobody trusts who was not given its certificate. */
export type CertificateAuthority = {
  /** Its certificate, as PEM. */
  readonly cert: string;
  /** A certificate for these host names and IPv4 addresses; without dates valid since yesterday, for 30 days. */
  issue(names: readonly string[], validity?: Partial<Validity>): Certificate;
};

const DAY_MS = 86_400_000;

// RFC 5280, as much of it as a test needs; DER by hand, so that tests need no tool.
const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const yes = der(0x01, Buffer.from([255]));
const bits = (content: Uint8Array) => der(0x03, Buffer.from([0]), content);

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const BASIC_CONSTRAINTS = '551d13';
const SUBJECT_ALT_NAME = '551d11';

function nameOf(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(commonName)))));
}

function timeOf(ms: number): Buffer {
  return der(0x18, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')}`));
}

function extension(id: string, isCritical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(id), ...(isCritical ? [yes] : []), der(0x04, value));
}

function altNames(names: readonly string[]): Buffer {
  const one = (name: string) =>
    isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name));
  return sequence(...names.map(one));
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

type Wanted = {
  subject: string;
  issuer: string;
  publicKey: KeyObject;
  extensions: readonly Buffer[];
  validity?: Partial<Validity> | undefined;
};

function certificate({ subject, issuer, publicKey, extensions, validity }: Wanted, issuerKey: KeyObject): string {
  const now = Date.now();
  const { from = now - DAY_MS, to = now + 30 * DAY_MS } = validity ?? {};
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    sequence(timeOf(from), timeOf(to)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const whole = sequence(content, ECDSA_WITH_SHA256, bits(sign('sha256', content, issuerKey)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** A new one, valid for a month. */
export function createCertificateAuthority(name = 'authority of a test'): CertificateAuthority {
  const own = newKeys();
  const isAuthority = extension(BASIC_CONSTRAINTS, true, sequence(yes));
  const cert = certificate(
    { subject: name, issuer: name, publicKey: own.publicKey, extensions: [isAuthority] },
    own.privateKey,
  );
  return {
    cert,
    issue: (names, validity) => {
      const { publicKey, privateKey } = newKeys();
      const extensions = [extension(SUBJECT_ALT_NAME, false, altNames(names))];
      const subject = names[0] ?? 'nobody';
      return {
        cert: certificate({ subject, issuer: name, publicKey, extensions, validity }, own.privateKey),
        key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      };
    },
  };
}
