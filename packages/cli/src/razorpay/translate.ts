import type { Imported } from '../imported/configuration.ts';
import type { Note } from '../imported/notes.ts';
import { translateAll } from '../imported/translate-all.ts';
import type { RazorpayConfiguration } from './model.ts';
import { type BackendChoices, translateBackend } from './translate-backend.ts';
import { translateGroup } from './translate-group.ts';
import { translatePolicy } from './translate-policy.ts';

/** Translates an installation of razorpay/trino-gateway; the same answer for the same installation. */
export function translate({ backends, groups, policies }: RazorpayConfiguration, choices: BackendChoices): Imported {
  const notes: Note[] = [];
  const mappedBackends = translateAll('backend', backends, notes, (id, before, remark) =>
    translateBackend(id, before, choices, remark),
  );
  const mappedGroups = translateAll('group', groups, notes, (id, before, remark) =>
    translateGroup(id, before, mappedBackends.ids, remark),
  );
  const mappedPolicies = translateAll('policy', policies, notes, (id, before, remark) =>
    translatePolicy(id, before, mappedGroups.ids, remark),
  );
  notes.push(...generalNotes(choices));
  return {
    declared: { backends: mappedBackends.objects, groups: mappedGroups.objects, policies: mappedPolicies.objects },
    notes,
  };
}

function generalNotes({ forwarding }: BackendChoices): Note[] {
  const texts = [
    forwarding === 'proxy'
      ? 'forwarding is PROXY: all pages of a query pass the router. Before, clients polled the clusters themselves; --forwarding direct keeps that'
      : 'forwarding is DIRECT: clients poll the clusters themselves, as before',
    'the default group is in no table: set gatewayserver.default_group. It takes queries that no policy matches; for a group without an available backend name a fallback_group_id in its policies',
    'health, load and the last backend of round robin are not imported: they are found anew',
    'the history of queries is not imported',
    'client tags and connection properties are compared case-sensitively; MySQL ignored case',
  ];
  return texts.map((text) => ({ about: '', text }));
}
