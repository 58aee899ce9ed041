import { type Note, remarksAbout } from './notes.ts';
import { type TranslatedIds, translateIds } from './translate-ids.ts';

/** Translates objects of one kind, and says which references to them still lead to one. */
export function translateAll<Before extends { id: string }, After>(
  kind: string,
  objects: readonly Before[],
  notes: Note[],
  translate: (id: string, before: Before, remark: (text: string) => void) => After | undefined,
): { objects: After[]; ids: TranslatedIds } {
  const ids = translateIds(
    kind,
    objects.map(({ id }) => id),
    notes,
  );
  const kept = new Set<string>();
  const translated = objects.flatMap((before, at) => {
    const id = ids.inOrder[at];
    const after = id === undefined ? undefined : translate(id, before, remarksAbout(notes, kind, before.id));
    if (id === undefined || after === undefined) return [];
    kept.add(id);
    return [after];
  });
  const of = (reference: string) => {
    const id = ids.of(reference);
    return id !== undefined && kept.has(id) ? id : undefined;
  };
  return { objects: translated, ids: { inOrder: ids.inOrder, of } };
}
