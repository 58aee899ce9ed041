/** Something that has no counterpart, or was changed on the way: which object (empty for all), and a sentence. */
export type Note = { about: string; text: string };

/** Collects notes about one object. */
export type Remark = (text: string) => void;

/** Notes about an object of that kind and id. */
export function remarksAbout(notes: Note[], kind: string, id: string): Remark {
  return (text) => notes.push({ about: `${kind} "${id}"`, text });
}
