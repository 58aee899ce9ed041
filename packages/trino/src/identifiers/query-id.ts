/** The parts of a Trino query id `yyyyMMdd_HHmmss_NNNNN_xxxxx`. */
export type QueryId = {
  /** `yyyyMMdd_HHmmss`, UTC. */
  stamp: string;
  counter: number;
  /** Five characters drawn when the coordinator process started: they tell whose query it is. */
  suffix: string;
};

const shape = /^(\d{8}_\d{6})_(\d{5})_([a-z0-9]{5})$/;

/** What a coordinator draws its suffix from: base 32 without `l`, `o`, `0` and `1`. */
export const coordinatorAlphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Reads an id of Trino's shape, those of the gateway included; undefined for any other text. */
export function parseQueryId(text: string): QueryId | undefined {
  if (text.length !== 27) return undefined;
  const match = shape.exec(text);
  return match === null ? undefined : { stamp: match[1] ?? '', counter: Number(match[2]), suffix: match[3] ?? '' };
}

/** The suffix of an id; undefined when the text is no id. */
export function querySuffix(text: string): string | undefined {
  return parseQueryId(text)?.suffix;
}

const drawn = new RegExp(`^[${coordinatorAlphabet}]{5}$`);

/** The suffix of an id that a coordinator made; undefined for ids of the gateway, and for any other text. */
export function coordinatorSuffix(queryId: string): string | undefined {
  const suffix = querySuffix(queryId);
  return suffix !== undefined && isCoordinatorSuffix(suffix) ? suffix : undefined;
}

/** Whether a coordinator could have drawn this suffix. */
export const isCoordinatorSuffix = (text: string): boolean => drawn.test(text);

const anywhere = /(?<![a-z0-9_])\d{8}_\d{6}_\d{5}_[a-z0-9]{5}(?![a-z0-9_])/;

/** The first id in a text, such as a URL; undefined when there is none. */
export function queryIdIn(text: string): string | undefined {
  return anywhere.exec(text)?.[0];
}

/** Whether the id is one of the gateway's own: its suffix holds a character no Trino coordinator ever draws. */
export function isTemporaryQueryId(text: string): boolean {
  const suffix = querySuffix(text);
  return suffix !== undefined && /[lo01]/.test(suffix);
}

/**
 * An id for a statement that has no id of a cluster yet. Its suffix begins with `0`, so it cannot be mistaken for one.
 * @param random at least four bytes
 */
export function temporaryQueryId(date: Date, counter: number, random: Uint8Array): string {
  const iso = date.toISOString();
  const day = iso.slice(0, 10).replaceAll('-', '');
  const time = iso.slice(11, 19).replaceAll(':', '');
  const characters = [0, 1, 2, 3].map((at) => coordinatorAlphabet[(random[at] ?? 0) & 31]).join('');
  return `${day}_${time}_${String(counter % 100_000).padStart(5, '0')}_0${characters}`;
}
