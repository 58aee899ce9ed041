import type { RoutingStep_ClientTags } from '@trino-gateway/api/gateway';
import { check, idProblem } from '@trino-gateway/api/problem';
import { abstains, chooses } from '../../../src/routing/chain/opinions.ts';
import type { StepKind } from '../../../src/routing/chain/step-kind.ts';

/** A kind of step that there is not: queries of these users. Its settings borrow a message that has what they need. */
export const usersStep: StepKind<RoutingStep_ClientTags> = {
  problems: ({ anyOf, groupId }) => [
    ...check(anyOf.length > 0, 'any_of', 'expected users'),
    ...idProblem('group_id', groupId),
  ],
  names: ({ groupId }) => ({ groupIds: [groupId], backendIds: [] }),
  compile: ({ anyOf, groupId }, id) => ({
    ask: ({ user }) =>
      anyOf.includes(user) ? chooses(id, { groupId, text: `it is ${user}` }) : abstains(id, `it is not ${user}`),
  }),
};
