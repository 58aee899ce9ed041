import { connectionPropertiesText, parseConnectionProperties } from '@trino-gateway/trino/client-headers';
import { check, isHeaderText } from '../problem.ts';
import { multiMap } from './multi-map.ts';
import type { PolicyRuleKind, PolicyRuleValue } from './policy-rule-kind.ts';

type Properties = PolicyRuleValue<'connectionProperties'>;

const FIELD = 'connection_properties';
const LONGEST_TEXT = 10_000;

/** X-Trino-Connection-Properties: some of its pairs, or its whole text. */
export const connectionProperties: PolicyRuleKind<Properties> = {
  field: FIELD,
  problems: ({ properties, exact }) => {
    const names = Object.keys(properties);
    return [
      ...check(names.length > 0 !== (exact !== ''), FIELD, 'expected either properties or exact'),
      ...check(names.length <= 100, `${FIELD}.properties`, 'expected at most 100 properties'),
      ...check(
        names.every((name) => name !== '' && name === name.trim() && !/[=,]/.test(name) && isHeaderText(name)),
        `${FIELD}.properties`,
        'expected names that are not empty, hold neither = nor a comma, no blanks at their ends, and that a header can carry: printable characters of ISO 8859-1 (Latin-1)',
      ),
      ...check(
        exact === exact.trim() && isHeaderText(exact, LONGEST_TEXT),
        `${FIELD}.exact`,
        `expected up to ${LONGEST_TEXT} printable characters of ISO 8859-1 (Latin-1) without blanks at the ends, as a header carries them: what is beyond them is written %XX in it`,
      ),
    ];
  },
  normalize: (properties) => properties,
  describe: ({ properties, exact }) =>
    exact !== ''
      ? `properties exactly ${exact}`
      : `properties ${Object.entries(properties)
          .map(([name, value]) => pairKey(name, value))
          .join(', ')}`,
  compile: (policies, summarize) => {
    // Under one pair that a matching request must carry; those that name no pair compare the whole text.
    const byPair = multiMap(policies, ({ value }) =>
      Object.entries(value.properties)
        .slice(0, 1)
        .map(([name, value]) => pairKey(name, value)),
    );
    const byText = multiMap(
      policies.filter(({ value }) => Object.keys(value.properties).length === 0),
      ({ value }) => [value.exact],
    );
    return ({ rawHeaders }) => {
      const text = connectionPropertiesText(rawHeaders);
      if (text === undefined) return undefined;
      const pairs = parseConnectionProperties(text) ?? new Map<string, string>();
      const candidates = [...pairs].flatMap(([name, value]) => byPair.get(pairKey(name, value)) ?? []);
      const matching = [...candidates.filter(({ value }) => matches(value, pairs)), ...(byText.get(text) ?? [])].map(
        ({ policy }) => policy,
      );
      return matching.length > 0 ? summarize(matching) : undefined;
    };
  },
};

function matches({ properties }: Properties, pairs: ReadonlyMap<string, string>): boolean {
  return Object.entries(properties).every(([name, value]) => pairs.get(name) === value);
}

function pairKey(name: string, value: string): string {
  return `${name}=${value}`;
}
