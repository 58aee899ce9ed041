import { check, headerTextProblem, idProblem } from '@trino-gateway/api/problem';
import { clientTags } from '@trino-gateway/trino';
import { abstains, chooses } from '../../chain/opinions.ts';
import type { StepKind, StepSettings } from '../../chain/step-kind.ts';

const MOST_TAGS = 1_000;

/** Queries with some of these tags, or with all of them. Case counts, blanks around tags do not. */
export const clientTagsStep: StepKind<StepSettings<'clientTags'>> = {
  problems: ({ anyOf, allOf, groupId }) => [
    ...check(anyOf.length > 0 !== allOf.length > 0, 'any_of', 'expected tags in one of any_of and all_of'),
    ...check(anyOf.length + allOf.length <= MOST_TAGS, 'any_of', `expected at most ${MOST_TAGS} tags`),
    ...[...anyOf, ...allOf].flatMap((tag) => [
      ...check(tag.trim() !== '' && !tag.includes(','), 'any_of', 'expected tags that are not empty and have no comma'),
      ...headerTextProblem('any_of', tag),
    ]),
    ...idProblem('group_id', groupId),
  ],
  names: ({ groupId }) => ({ groupIds: [groupId], backendIds: [] }),
  compile: ({ anyOf, allOf, groupId }, id) => {
    const wanted = [...anyOf, ...allOf].map((tag) => tag.trim());
    const needsAll = allOf.length > 0;
    return {
      ask: ({ rawHeaders }) => {
        const sent = new Set(clientTags(rawHeaders));
        const matches = needsAll ? wanted.every((tag) => sent.has(tag)) : wanted.some((tag) => sent.has(tag));
        if (!matches) return abstains(id, needsAll ? 'not all of the tags were sent' : 'none of the tags was sent');
        return chooses(id, { groupId, text: `the tags were sent: group ${groupId}` });
      },
    };
  },
};
