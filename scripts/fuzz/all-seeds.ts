import { answerCases } from '@trino-gateway/e2e/smuggling/answers';
import { requestCases } from '@trino-gateway/e2e/smuggling/requests';
import type { Seeds } from '@trino-gateway/wire/fuzz';
import { seeds } from '@trino-gateway/wire/fuzz/seeds';

/** Longer ones are about bounds, and would be most of the time. */
const MOST_BYTES = 5_000;

const fill = (text: string) => text.replaceAll('@host@', 'gw:8080');
const short = (texts: readonly string[]) => texts.map(fill).filter((text) => text !== '' && text.length <= MOST_BYTES);

/** As often as those of the table, most of which are refused unchanged. */
const often = (texts: readonly string[]) => Array.from({ length: 12 }, () => texts).flat();

/** Messages of clients and coordinators, and those of the smuggling table. */
export const allSeeds: Seeds = {
  requests: [
    ...often(seeds.requests),
    ...short(requestCases.map(({ sends }) => sends.map((one) => (typeof one === 'string' ? one : one.bytes)).join(''))),
  ],
  responses: [
    ...often(seeds.responses),
    ...short(answerCases.map(({ written }) => written.bytes + (written.later ?? ''))),
  ],
};
