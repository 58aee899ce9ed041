/** What reads show instead of a probe password; a Put with exactly this keeps the stored one. */
export const HIDDEN_PASSWORD = '********';

/** How the text of an encrypted secret begins. No secret itself may. */
export const SEALED_PREFIX = 'sealed:v1:';

/** Whether this is an encrypted secret, which whoever holds it could not decrypt. */
export function isSealed(secret: string | undefined): boolean {
  return secret?.startsWith(SEALED_PREFIX) === true;
}

/** Why a probe cannot ask with its password, and what to do. */
export const unreadablePassword =
  'probe.password is stored encrypted, and no key of gatewayserver.secrets_key opens it: set the key it was stored with, or put the password anew';
