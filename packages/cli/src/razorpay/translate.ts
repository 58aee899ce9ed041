import type { Declared } from '@trino-gateway/config';
import type { RazorpayConfiguration } from './model.ts';
import { type Note, remarksAbout } from './notes.ts';
import { type BackendChoices, translateBackend } from './translate-backend.ts';
import { translateGroup } from './translate-group.ts';
import { type TranslatedIds, translateIds } from './translate-ids.ts';
import { translatePolicy } from './translate-policy.ts';

/** What would be put, and all that has no counterpart or was changed on the way. */
export type Mapped = { declared: Declared; notes: Note[] };

/** Translates an installation of razorpay/trino-gateway; the same answer for the same installation. */
export function translate({ backends, groups, policies }: RazorpayConfiguration, choices: BackendChoices): Mapped {
  const notes: Note[] = [];
  const mappedBackends = mapAll('backend', backends, notes, (id, before, remark) =>
    translateBackend(id, before, choices, remark),
  );
  const mappedGroups = mapAll('group', groups, notes, (id, before, remark) =>
    translateGroup(id, before, mappedBackends.ids, remark),
  );
  const mappedPolicies = mapAll('policy', policies, notes, (id, before, remark) =>
    translatePolicy(id, before, mappedGroups.ids, remark),
  );
  notes.push(...generalNotes(choices));
  return {
    declared: { backends: mappedBackends.objects, groups: mappedGroups.objects, policies: mappedPolicies.objects },
    notes,
  };
}

function mapAll<Before extends { id: string }, After>(
  kind: string,
  objects: readonly Before[],
  notes: Note[],
  map: (id: string, before: Before, remark: (text: string) => void) => After | undefined,
): { objects: After[]; ids: TranslatedIds } {
  const ids = translateIds(
    kind,
    objects.map(({ id }) => id),
    notes,
  );
  const kept = new Set<string>();
  const mapped = objects.flatMap((before, at) => {
    const id = ids.inOrder[at];
    const after = id === undefined ? undefined : map(id, before, remarksAbout(notes, kind, before.id));
    if (id === undefined || after === undefined) return [];
    kept.add(id);
    return [after];
  });
  const of = (reference: string) => {
    const id = ids.of(reference);
    return id !== undefined && kept.has(id) ? id : undefined;
  };
  return { objects: mapped, ids: { inOrder: ids.inOrder, of } };
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
