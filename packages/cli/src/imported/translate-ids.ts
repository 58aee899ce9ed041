import { isId } from '@trino-gateway/api/validation';
import { type Note, remarksAbout } from './notes.ts';

/** What each id of the other gateway is called here. */
export type TranslatedIds = {
  /** The new id of each object, in their order; undefined when it has none. */
  readonly inOrder: readonly (string | undefined)[];
  /** The new id of what a reference names; its database compares references without case. */
  of(reference: string): string | undefined;
};

const LONGEST = 128;

/** Gives every object an id that is allowed here; the same for the same objects, however often it is asked. */
export function translateIds(kind: string, ids: readonly string[], notes: Note[]): TranslatedIds {
  const taken = new Set(ids.filter(isId));
  const seen = new Set<string>();
  const inOrder = ids.map((id) => {
    const remark = remarksAbout(notes, kind, id);
    if (id === '' || seen.has(id)) {
      remark(id === '' ? 'left out: it has no id' : 'left out: another one has the same id');
      return undefined;
    }
    seen.add(id);
    if (isId(id)) return id;
    const allowed = id.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, LONGEST);
    let free = allowed;
    for (let number = 2; taken.has(free); number++)
      free = `${allowed.slice(0, LONGEST - `-${number}`.length)}-${number}`;
    taken.add(free);
    remark(`is called "${free}" here: ids are up to ${LONGEST} letters, digits, dots, underscores and dashes`);
    return free;
  });
  const exact = new Map<string, string>();
  const folded = new Map<string, string>();
  ids.forEach((id, at) => {
    const found = inOrder[at];
    if (found === undefined) return;
    exact.set(id, found);
    if (!folded.has(id.toLowerCase())) folded.set(id.toLowerCase(), found);
  });
  return { inOrder, of: (reference) => exact.get(reference) ?? folded.get(reference.toLowerCase()) };
}
