import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Backend,
  BackendSchema,
  Group_Strategy,
  GroupSchema,
  RoutingChainSchema,
  type RoutingStepSchema,
} from '@trino-gateway/api/gateway';
import { backendProblems } from '@trino-gateway/api/validation';
import type { Imported } from '../imported/configuration.ts';
import type { Note } from '../imported/notes.ts';
import { translateAll } from '../imported/translate-all.ts';
import { translateIds } from '../imported/translate-ids.ts';
import type { TrinodbBackend, TrinodbConfiguration } from './model.ts';
import type { FileRule } from './read-rules.ts';
import { ruleSteps } from './rule-steps.ts';
import { translateRules } from './translate-rules.ts';

/** What was read of an installation of trinodb/trino-gateway; each part may be missing. */
export type TrinodbInstallation = {
  rules?: readonly FileRule[];
  configuration?: TrinodbConfiguration;
  backends?: readonly TrinodbBackend[];
};

type Step = MessageInitShape<typeof RoutingStepSchema>;

/** Translates it; the same answer for the same installation. @param notes what reading it already found */
export function translate(installation: TrinodbInstallation, notes: Note[]): Imported {
  const { rules, configuration, backends = [] } = installation;
  const translated = rules === undefined ? [] : translateRules(rules, notes);
  const groups = new Set([
    ...backends.map(({ group }) => group),
    ...translated.flatMap((rule) => ('group' in rule ? [rule.group] : [])),
    ...(configuration === undefined ? [] : [configuration.defaultGroup]),
  ]);
  const groupIds = translateIds('group', [...groups], notes);
  const imported = translateAll('backend', backends, notes, translateBackend);
  const members = (group: string) =>
    backends.flatMap(({ id, group: of }) => (of === group ? (imported.ids.of(id) ?? []) : []));
  const declaredGroups = [...new Set(backends.map(({ group }) => group))].flatMap((group) => {
    const id = groupIds.of(group);
    const backendIds = members(group);
    const strategy = configuration?.countsQueries ? Group_Strategy.FEWEST_QUERIES : Group_Strategy.RANDOM;
    return id === undefined || backendIds.length === 0 ? [] : [create(GroupSchema, { id, backendIds, strategy })];
  });
  const steps: Step[] = [
    ...ruleSteps(translated, groupIds, notes),
    ...(configuration === undefined ? [] : configuredSteps(configuration, rules !== undefined, notes)),
  ];
  for (const group of groups)
    if (!declaredGroups.some(({ id }) => id === groupIds.of(group)))
      notes.push({
        about: `group "${group}"`,
        text: 'has no cluster that is imported: create it before the chain is stored',
      });
  notes.push(...generalNotes(installation));
  const declared = { backends: imported.objects, groups: declaredGroups, policies: [] };
  if (rules === undefined && configuration === undefined) return { declared, notes };
  const fallbackGroup = configuration === undefined ? '' : (groupIds.of(configuration.defaultGroup) ?? '');
  return { declared: { ...declared, routingChain: create(RoutingChainSchema, { fallbackGroup, steps }) }, notes };
}

function translateBackend(
  id: string,
  { url, externalUrl, enabled }: TrinodbBackend,
  remark: (text: string) => void,
): Backend | undefined {
  const origin = (text: string) => text.trim().replace(/\/+$/, '');
  const external = origin(externalUrl) === origin(url) ? '' : origin(externalUrl);
  const backend = create(BackendSchema, { id, url: origin(url), externalUrl: external, enabled });
  const [problem] = backendProblems(backend);
  if (!problem) return backend;
  remark(`left out: ${problem.field}: ${problem.message}`);
  return undefined;
}

/** What decides where no rule of a file does. */
function configuredSteps({ external, rulesEnabled }: TrinodbConfiguration, hasRules: boolean, notes: Note[]): Step[] {
  const header: Step = { id: 'routing-group-header', kind: { case: 'routingGroupHeader', value: {} } };
  if (external !== undefined) {
    const { url, excludeHeaders, propagateErrors } = external;
    const value = { url, excludeHeaders, propagateErrors };
    return [{ id: 'external', kind: { case: 'external', value } }, header];
  }
  if (!rulesEnabled) return [header];
  if (!hasRules)
    notes.push({ about: 'routingRules', text: 'its rules are in a file of their own: give it by --rules' });
  return [];
}

function generalNotes({ rules, configuration, backends }: TrinodbInstallation): Note[] {
  const texts = [
    ...(rules === undefined
      ? []
      : [
          'all rules fired there and the last one won; here the first that matches decides, so their order is reversed',
          'a condition that failed there, such as a method of a header that was not sent, answered HTTP 500; here it does not match',
        ]),
    ...(configuration === undefined
      ? ['the default group is in no rule: give its configuration by --config, or set fallback_group']
      : [
          'a group without a healthy cluster gave its queries to the default group; here they wait or are refused: see spill_over_group_id',
        ]),
    ...(backends === undefined ? ['clusters are not in these files: read them from its API by --from-url'] : []),
    'monitors, users, permissions, cookies and the history are not imported',
  ];
  return texts.map((text) => ({ about: '', text }));
}
