import type { Backend, Backend_Probe } from './gen/trinogateway/v1/gateway_pb.ts';

/** What reads show instead of a secret; a Put with exactly this keeps the stored one. */
export const HIDDEN_SECRET = '********';

/** The secrets of a probe: written only, and stored encrypted where there is a key. */
export const PROBE_SECRETS = ['password', 'token'] as const;

/** How the text of an encrypted secret begins. No secret itself may. */
export const SEALED_PREFIX = 'sealed:v1:';

/** Whether this is an encrypted secret, which whoever holds it could not decrypt. */
export function isSealed(secret: string | undefined): boolean {
  return secret?.startsWith(SEALED_PREFIX) === true;
}

/** Whether a field of this name holds a secret: what was given for it is never shown. */
export function isSecretField(name: string): boolean {
  return PROBE_SECRETS.some((secret) => secret === name);
}

/** The same probe with each secret that it has changed. */
export function withProbeSecrets(
  probe: Backend_Probe,
  change: (secret: string, name: (typeof PROBE_SECRETS)[number]) => string,
): Backend_Probe {
  const changed = { ...probe };
  for (const name of PROBE_SECRETS) if (probe[name] !== '') changed[name] = change(probe[name], name);
  return changed;
}

/** Why a cluster cannot be asked with the secret of its probe, and what to do; undefined when it can. */
export function unreadableSecret({ probe }: Pick<Backend, 'probe'>): string | undefined {
  const name = PROBE_SECRETS.find((secret) => isSealed(probe?.[secret]));
  return (
    name &&
    `probe.${name} is stored encrypted, and no key of gatewayserver.secrets_key opens it: set the key it was stored with, or put the ${name} anew`
  );
}
