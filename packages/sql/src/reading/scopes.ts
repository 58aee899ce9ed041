/** Names that WITH gives to queries, in small letters, and those around them. */
export type Scope = { name: string; query: NamedQuery; around: Scope | undefined };

/** `refersToItself` tells of one that is being read under WITH RECURSIVE. */
export type NamedQuery = { isRead: boolean; refersToItself: boolean };

/** Whether a name is one of WITH here; remembers that it is used. */
export function isNamedQuery(scope: Scope | undefined, name: string): boolean {
  for (let at = scope; at !== undefined; at = at.around) {
    if (at.name !== name) continue;
    if (!at.query.isRead) at.query.refersToItself = true;
    return true;
  }
  return false;
}
