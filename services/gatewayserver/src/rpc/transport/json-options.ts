import type { JsonReadOptions } from '@bufbuild/protobuf';
import { isDeepJson, MOST_JSON_DEPTH } from '@trino-gateway/json';
import { invalid } from '../../configuration/validation.ts';

const text = new TextDecoder();

/**
 * How the JSON of all protocols is decoded. The text decoder gets each message whole and inflated before it is parsed: here what is
 * nested too deep is refused.
 */
export const JSON_OPTIONS: Partial<JsonReadOptions> & { textDecoder: { decode(bytes?: Uint8Array): string } } = {
  ignoreUnknownFields: false,
  textDecoder: {
    decode: (bytes = new Uint8Array()) => {
      if (isDeepJson(bytes)) throw invalid('body', `expected JSON nested at most ${MOST_JSON_DEPTH} deep`);
      return text.decode(bytes);
    },
  },
};
