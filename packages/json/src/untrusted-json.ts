/** Ten times the depth of any message here; protobuf allows as much. */
export const MOST_JSON_DEPTH = 100;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Whether JSON is nested deeper than that, by its bytes alone: parsing a few hundred kilobytes of brackets, or walking through
 * the values, takes a thousand times their memory, or the whole stack. For text that is no JSON the answer may be either.
 */
export function isDeepJson(json: Uint8Array, most = MOST_JSON_DEPTH): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OBJECT || byte === LIST) {
      depth++;
      if (depth > most) return true;
    } else if (byte === OBJECT_END || byte === LIST_END) depth--;
  }
  return false;
}

/** JSON.parse of text that somebody else wrote. @throws SyntaxError also when it is nested too deep */
export function parseUntrustedJson(text: string, most = MOST_JSON_DEPTH): unknown {
  if (isDeepJson(Buffer.from(text), most)) throw new SyntaxError(`expected JSON nested at most ${most} deep`);
  return JSON.parse(text);
}
