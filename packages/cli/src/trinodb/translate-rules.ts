import type { Note } from '../imported/notes.ts';
import { ALWAYS, type Condition, NEVER, printed } from './cel/condition.ts';
import { evaluate } from './mvel/evaluate.ts';
import { parseExpression, parseStatements } from './mvel/parse.ts';
import { type GroupWrite, runActions } from './mvel/run-actions.ts';
import { createState, type RuleState } from './mvel/state.ts';
import { UntranslatableError } from './mvel/syntax.ts';
import { asCondition } from './mvel/value.ts';
import { aboutRule, type FileRule, type Line } from './read-rules.ts';

/** A rule as it is here: the group it leads to, or the header that names the group. */
export type TranslatedRule = { name: string; when: string } & ({ group: string } | { header: string });

const LONGEST = 10_000;

/**
 * Translates rules that all fire, the last one winning, into rules of which the first that matches decides: in reverse order.
 * @param notes gets every rule that could not be translated, and why
 */
export function translateRules(rules: readonly FileRule[], notes: Note[]): TranslatedRule[] {
  const state = createState();
  let lost: string | undefined;
  const inOrder = rules.toSorted((first, second) => first.priority - second.priority);
  return inOrder
    .flatMap((rule) => {
      const said = translateRule(rule, state, lost);
      for (const text of said.notes) notes.push({ about: aboutRule(rule), text });
      if (said.losesState) lost = rule.name;
      return said.translated;
    })
    .reverse();
}

type Translated = { translated: TranslatedRule[]; notes: string[]; losesState: boolean };

function translateRule(rule: FileRule, state: RuleState, lost: string | undefined): Translated {
  const { name, condition, actions } = rule;
  const usesState = [condition, ...actions].some(({ text }) => /\bstate\b/.test(text));
  if (usesState && lost !== undefined)
    return failed(`it uses state, which "${lost}" may change, and that is not translated`, usesState);
  let at: Line = condition;
  try {
    const when = asCondition(evaluate(parseExpression(condition.text), state));
    const writes = actions.flatMap((action) => {
      at = action;
      return runActions(parseStatements(action.text), when, state);
    });
    const translated = writes.filter((write) => write.when !== NEVER).map((write) => translatedWrite(name, write));
    const notes = translated.length > 0 || usesState ? [] : [whyNothing(writes)];
    return { translated, notes, losesState: false };
  } catch (error) {
    if (!(error instanceof UntranslatableError)) throw error;
    return failed(`${at === condition ? 'its condition' : 'an action'} (line ${at.line}): ${error.message}`, usesState);
  }
}

function failed(why: string, losesState: boolean): Translated {
  return { translated: [], notes: [`not translated: ${why}`], losesState };
}

function translatedWrite(name: string, write: GroupWrite): TranslatedRule {
  const when = printed(write.when);
  if (when.length > LONGEST) throw new UntranslatableError(`it is longer than ${LONGEST} characters here`);
  if ('group' in write) return { name, when, group: write.group };
  const header = /^headers\["([^"]+)"\]$/.exec(write.header.cel)?.[1];
  if (header === undefined || !isOnlyPresence(write.when, write.header.present))
    throw new UntranslatableError('a group that a header names is translated only where that is the whole rule');
  return { name, when, header };
}

/** `true`, or that the header was sent, and perhaps that it is not empty. */
function isOnlyPresence(when: Condition, present: Condition | undefined): boolean {
  if (when === ALWAYS || present === undefined) return when === ALWAYS;
  const parts = when.is === 'all' ? when.of : [when];
  return parts.every((part) => printed(part) === printed(present) || /^!\(.* == ""\)$/.test(printed(part)));
}

function whyNothing(writes: readonly GroupWrite[]): string {
  return writes.length === 0 ? 'left out: it sets no group' : 'left out: it never matches';
}
