/** The longest token that is sent to a cluster. */
export const TOKEN_LENGTH = 16_384;

/** What a token consists of, for an operator. */
export const TOKEN_SHAPE = `up to ${TOKEN_LENGTH} letters, digits and - . _ ~ + /, then = signs, without the word Bearer`;

/** Whether this can be sent as a bearer token (RFC 6750, 2.1). */
export function isBearerToken(text: string): boolean {
  return text.length <= TOKEN_LENGTH && /^[A-Za-z0-9._~+/-]+=*$/.test(text);
}
