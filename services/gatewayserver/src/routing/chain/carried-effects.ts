import { clientTagProblem, sessionPropertyProblem, setHeaderProblem, settableName } from '@trino-gateway/trino';
import type { Candidate, DecidedGroup, Opinion, QueryEffects } from './opinion.ts';

const MOST_OF_A_KIND = 100;
const TOLD = 5;

/**
 * An opinion without what no request can carry, or what routing may not say: a step may get it from outside. What was left out is
 * told in the reason.
 */
export function withCarriedEffects(opinion: Opinion): Opinion {
  const [first] = opinion.kind === 'groups' ? opinion.candidates : [];
  const own = opinion.kind === 'groups' && first ? opinion.decided(first) : {};
  const dropped = [...carried(opinion.effects ?? {}).dropped, ...carried(own).dropped];
  if (dropped.length === 0) return opinion;
  const more = dropped.length > TOLD ? `, and ${dropped.length - TOLD} more` : '';
  const text = `${opinion.reason.text}; left out: ${dropped.slice(0, TOLD).join(', ')}${more}`;
  const told = { ...opinion, reason: { ...opinion.reason, text } };
  const cleaned = opinion.effects ? { ...told, effects: carried(opinion.effects).kept } : told;
  if (cleaned.kind !== 'groups') return cleaned;
  const { decided } = cleaned;
  return { ...cleaned, decided: (candidate: Candidate) => withoutDropped(decided(candidate)) };
}

function withoutDropped(group: DecidedGroup): DecidedGroup {
  return { ...group, ...carried(group).kept };
}

/** What of these effects can be carried out, and the problems of the rest. */
function carried<Effects extends QueryEffects>(effects: Effects): { kept: Effects; dropped: string[] } {
  const { addClientTags, sessionProperties, setHeaders } = effects;
  const dropped: string[] = [];
  const keeps = (kind: string, name: string, problem: string | undefined) => {
    if (problem !== undefined) dropped.push(`${kind} ${JSON.stringify(name.slice(0, 80))} ${problem}`);
    return problem === undefined;
  };
  const entriesOf = (given: Readonly<Record<string, string>>) => Object.entries(given).slice(0, MOST_OF_A_KIND);
  const kept = {
    ...effects,
    ...(addClientTags && {
      addClientTags: addClientTags.slice(0, MOST_OF_A_KIND).filter((tag) => keeps('tag', tag, clientTagProblem(tag))),
    }),
    ...(sessionProperties && {
      sessionProperties: Object.fromEntries(
        entriesOf(sessionProperties).filter(([name, value]) =>
          keeps('session property', name, sessionPropertyProblem(name, value)),
        ),
      ),
    }),
    ...(setHeaders && {
      setHeaders: Object.fromEntries(
        entriesOf(setHeaders)
          .filter(([name, value]) => keeps('header', name, setHeaderProblem(name, value)))
          .map(([name, value]) => [settableName(name), value]),
      ),
    }),
  };
  return { kept, dropped };
}
