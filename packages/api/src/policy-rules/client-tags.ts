import { clientTags as tagsOf, trimmedItem } from '@trino-gateway/trino/client-headers';
import { check, isHeaderText } from '../problem.ts';
import { multiMap } from './multi-map.ts';
import type { PolicyRuleKind, PolicyRuleValue } from './policy-rule-kind.ts';

type Tags = PolicyRuleValue<'clientTags'>;

/** X-Trino-Client-Tags, compared case-sensitively. */
export const clientTags: PolicyRuleKind<Tags> = {
  field: 'client_tags',
  problems: ({ anyOf, allOf }) => {
    const tags = [...anyOf, ...allOf];
    return [
      ...check(tags.length > 0, 'client_tags', 'expected any_of or all_of with at least one tag'),
      ...check(tags.length <= 100, 'client_tags', 'expected at most 100 tags'),
      ...check(
        tags.every((tag) => trimmedItem(tag) !== '' && !tag.includes(',') && isHeaderText(tag)),
        'client_tags',
        'expected tags that are not empty, hold no comma, and that a header can carry: printable characters of ISO 8859-1 (Latin-1)',
      ),
    ];
  },
  normalize: (tags) => ({ ...tags, anyOf: trimmed(tags.anyOf), allOf: trimmed(tags.allOf) }),
  describe: ({ anyOf, allOf }) =>
    [
      anyOf.length > 0 ? `any tag of ${anyOf.join(', ')}` : '',
      allOf.length > 0 ? `all tags of ${allOf.join(', ')}` : '',
    ]
      .filter(Boolean)
      .join(' and '),
  compile: (policies, summarize) => {
    // Under one tag that a matching request must carry.
    const byTag = multiMap(policies, ({ value: { anyOf, allOf } }) =>
      allOf.length > 0 ? allOf.slice(0, 1) : new Set(anyOf),
    );
    return ({ rawHeaders }) => {
      const present = new Set(tagsOf(rawHeaders));
      const candidates = new Set([...present].flatMap((tag) => byTag.get(tag) ?? []));
      const matching = [...candidates].filter(({ value }) => matches(value, present)).map(({ policy }) => policy);
      return matching.length > 0 ? summarize(matching) : undefined;
    };
  },
};

function matches({ anyOf, allOf }: Tags, present: ReadonlySet<string>): boolean {
  return allOf.every((tag) => present.has(tag)) && (anyOf.length === 0 || anyOf.some((tag) => present.has(tag)));
}

function trimmed(tags: readonly string[]): string[] {
  return tags.map(trimmedItem);
}
