export const [TAB, LF, CR, SPACE, SLASH, COLON] = [0x09, 0x0a, 0x0d, 0x20, 0x2f, 0x3a] as const;

/** Of a name: a token (RFC 9110, 5.6.2). */
export const TOKEN = 1;
/** Of a value, or of a reason: visible characters, spaces, tabs and bytes beyond ASCII (RFC 9110, 5.5; RFC 9112, 4). */
export const VALUE = 2;
/** Of path and query (RFC 3986, 3.3 and 3.4): no fragment, no backslash, nothing that would have to be escaped. */
export const TARGET = 4;

/** For each byte where it may stand. */
export const MAY_STAND: Uint8Array = new Uint8Array(256);

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function allow(characters: string, where: number): void {
  for (const byte of Buffer.from(characters, 'latin1')) MAY_STAND[byte] = (MAY_STAND[byte] ?? 0) | where;
}
allow(`${DIGITS}${LETTERS}!#$%&'*+-.^_\`|~`, TOKEN);
allow(`${DIGITS}${LETTERS}-._~!$&'()*+,;=:@%/?`, TARGET);
for (let byte = 0; byte < 256; byte++)
  if (byte === TAB || (byte >= SPACE && byte !== 0x7f)) allow(String.fromCharCode(byte), VALUE);

/** For each byte its value as a hexadecimal digit; 255: it is none. */
export const HEX: Uint8Array = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
  for (const form of [digit.toString(16), digit.toString(16).toUpperCase()]) HEX[form.charCodeAt(0)] = digit;
}
