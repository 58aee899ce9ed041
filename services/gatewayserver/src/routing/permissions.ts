import type { Group, Group_Allowed } from '@trino-gateway/api/gateway';
import { compilePattern, type WholeMatch } from '@trino-gateway/api/patterns';
import { type Asker, everybodyMay, type WhyNotAllowed } from './chain/pass-over.ts';

/** Says why somebody may not use a group; undefined when they may. */
export type Permissions = (groupId: string, asker: Asker) => WhyNotAllowed | undefined;

type Compiled = {
  users: ReadonlySet<string>;
  userPatterns: readonly WholeMatch[];
  sourcePatterns: readonly WholeMatch[];
};

const SHOWN_LENGTH = 100;

/** Who may use these groups. What a group allows is compiled when somebody first asks for it. */
export function permissionsOf(groups: ReadonlyMap<string, Pick<Group, 'id' | 'allowed'>>): Permissions {
  if (!groups.values().some(({ allowed }) => allowed)) return everybodyMay;
  const compiled = new Map<string, Compiled>();
  return (groupId, asker) => {
    const allowed = groups.get(groupId)?.allowed;
    if (!allowed) return undefined;
    const rules = compiled.get(groupId) ?? compile(allowed);
    compiled.set(groupId, rules);
    const who = whoMayNot(rules, asker);
    return who === undefined
      ? undefined
      : { text: `group ${groupId}: ${who} may not use it`, observed: allowed.observe };
  };
}

function whoMayNot({ users, userPatterns, sourcePatterns }: Compiled, { user, source }: Asker): string | undefined {
  const needsUser = users.size + userPatterns.length > 0;
  if (needsUser && !users.has(user) && !userPatterns.some((matches) => matches(user)))
    return user === '' ? 'a query without a user' : `user ${shown(user)}`;
  if (sourcePatterns.length === 0) return undefined;
  const from = source();
  if (sourcePatterns.some((matches) => matches(from))) return undefined;
  return from === '' ? 'a query without a source' : `source ${shown(from)}`;
}

function compile({ users, userPatterns, sourcePatterns }: Group_Allowed): Compiled {
  return {
    users: new Set(users),
    userPatterns: userPatterns.map(matchOf),
    sourcePatterns: sourcePatterns.map(matchOf),
  };
}

/** A pattern that another version stored, and this one does not understand, is nobody's. */
function matchOf(pattern: string): WholeMatch {
  try {
    return compilePattern(pattern);
  } catch {
    return () => false;
  }
}

function shown(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
