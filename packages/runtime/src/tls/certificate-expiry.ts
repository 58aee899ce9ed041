import type { X509Certificate } from 'node:crypto';
import { Gauge, type Registry } from 'prom-client';
import type { Logger } from '../logging/logger.ts';

/** Tells operators in time when the certificates end that a process shows or trusts. */
export type CertificateExpiry = Disposable & {
  /** The certificates that are in force for this configuration key, such as `router.tls_cert_file`, in place of those before. */
  inForce(field: string, certificates: readonly X509Certificate[]): void;
  /** None is any more. */
  forget(field: string): void;
  /** Offers the metric, for a process whose registry is made after its first connection. */
  register(registry: Registry): void;
};

export type CertificateExpiryOptions = {
  /** Where the metric is offered; absent: where it is registered later. */
  registry?: Registry;
  /** Of the metric's name: `router`, say. */
  service: string;
  /** Default: those of configuration keys. Of backends: what they show, by their ids in place of keys. */
  of?: keyof typeof OFFERED;
  logger: Pick<Logger, 'warn' | 'error'>;
  now?: () => number;
  /** How often it is looked whether something is to be said; shorter in tests. */
  intervalMs?: number;
};

const OFFERED = {
  key: {
    name: 'certificate_expiry_timestamp_seconds',
    help: 'When the certificates of a configuration key expire, the first of them, in seconds since 1970.',
  },
  backend: {
    name: 'backend_certificate_expiry_timestamp_seconds',
    help: 'When the certificate expires that a backend showed last, in seconds since 1970; absent without TLS.',
  },
} as const;

const DAY_MS = 86_400_000;
/** Longer than a holiday; authorities that renew by themselves do it 30 days before. */
const WARN_BEFORE_MS = 21 * DAY_MS;
const HOUR_MS = 3_600_000;

type Validity = { validFrom: number; expiresAt: number; subject: string };

/** A metric for each configuration key; from 21 days before the end a warning, once a day, and afterwards an error. */
export function createCertificateExpiry({
  registry,
  service,
  of = 'key',
  logger,
  now = Date.now,
  intervalMs = HOUR_MS,
}: CertificateExpiryOptions): CertificateExpiry {
  const known = new Map<string, Validity & { saidAt: number }>();
  const register = (into: Registry) => {
    new Gauge({
      name: `trino_gateway_${service}_${OFFERED[of].name}`,
      help: OFFERED[of].help,
      labelNames: [of],
      registers: [into],
      collect() {
        this.reset();
        for (const [name, { expiresAt }] of known) this.set({ [of]: name }, expiresAt / 1_000);
      },
    });
  };
  if (registry) register(registry);
  const say = (key: string, one: Validity & { saidAt: number }) => {
    const leftMs = one.expiresAt - now();
    const isEarly = now() < one.validFrom;
    if ((leftMs > WARN_BEFORE_MS && !isEarly) || now() - one.saidAt < DAY_MS) return;
    one.saidAt = now();
    const { subject, validFrom, expiresAt } = one;
    const fields = { [of]: key, subject, expiresAt: new Date(expiresAt).toISOString() };
    if (isEarly)
      logger.error('a certificate is not valid yet', { ...fields, validFrom: new Date(validFrom).toISOString() });
    else if (leftMs <= 0) logger.error('a certificate has expired', fields);
    else logger.warn('a certificate expires soon', { ...fields, daysLeft: Math.floor(leftMs / DAY_MS) });
  };
  const timer = setInterval(() => {
    for (const [key, one] of known) say(key, one);
  }, intervalMs).unref();
  return {
    inForce: (field, certificates) => {
      const first = firstToExpire(certificates);
      if (first === undefined) return;
      const before = known.get(field);
      // The same once more, as with each connection to a backend: what was said of it counts.
      const isSame = before?.expiresAt === first.expiresAt && before.subject === first.subject;
      const one = { ...first, saidAt: isSame ? before.saidAt : Number.NEGATIVE_INFINITY };
      known.set(field, one);
      say(field, one);
    },
    forget: (field) => void known.delete(field),
    register,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function firstToExpire(certificates: readonly X509Certificate[]): Validity | undefined {
  return certificates
    .map(({ validFromDate, validToDate, subject }) => ({
      validFrom: validFromDate.getTime(),
      expiresAt: validToDate.getTime(),
      subject: subject.replaceAll('\n', ', '),
    }))
    .toSorted((a, b) => a.expiresAt - b.expiresAt)[0];
}
