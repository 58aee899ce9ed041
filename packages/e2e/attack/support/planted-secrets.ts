// What is planted, to be looked for where it must not be.

/** What alice proves to be herself with. */
export const PASSWORD = 'planted-password-1';
/** What somebody guesses. */
export const WRONG_PASSWORD = 'planted-guess-2';
/** The administrator's. */
export const TOKEN = 'planted-token-3';
/** Of the authentication provider. */
export const PROVIDER_KEY = 'planted-key-4';
/** A literal of a statement. */
export const LITERAL = 'planted-literal-5';

const PLANTED = [PASSWORD, WRONG_PASSWORD, TOKEN, PROVIDER_KEY, LITERAL];
const ENCODED = [PASSWORD, WRONG_PASSWORD].map((password) => Buffer.from(`alice:${password}`).toString('base64'));

/** Those of them that stand in a text, also as a client sends them. */
export function secretsIn(text: string): string[] {
  return [...PLANTED, ...ENCODED].filter((secret) => text.includes(secret));
}

/** An Authorization line. */
export function basic(user: string, password = PASSWORD): string[] {
  return ['Authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`];
}
