import type { DescEnum } from '@bufbuild/protobuf';

/** One thing that is wrong with an object: the field as the contract spells it, and what was expected. */
export type Problem = { field: string; message: string };

const ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The longest text that may stand in a header or a name. */
export const TEXT_LENGTH = 1_000;

/** Whether a text is an id: `[A-Za-z0-9._-]{1,128}`. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** No problem when it holds, else one about the field. */
export function check(holds: boolean, field: string, message: string): Problem[] {
  return holds ? [] : [{ field, message }];
}

export function idProblem(field: string, id: string): Problem[] {
  return check(isId(id), field, `expected 1 to 128 letters, digits, dots, underscores or dashes, got ${quote(id)}`);
}

/** The set of files that an object was applied from. */
export function setProblem(set: string): Problem[] {
  return set === '' ? [] : idProblem('applied_set', set);
}

export function enumProblem(field: string, { value: known }: DescEnum, value: number): Problem[] {
  return check(known[value] !== undefined, field, `expected a known value, got ${value}`);
}

/** A limit: 0 means none. */
export function countProblem(field: string, value: number): Problem[] {
  return check(Number.isInteger(value) && value >= 0, field, `expected 0 (none) or more, got ${value}`);
}

/** Text that a header can carry. */
export function headerTextProblem(field: string, text: string): Problem[] {
  return check(isHeaderText(text), field, `expected up to ${TEXT_LENGTH} printable characters of ISO 8859-1 (Latin-1)`);
}

/** Whether a header can carry this text: in HTTP, headers are read as Latin-1, so what is beyond it is never sent, and never matches. */
export function isHeaderText(text: string, longest = TEXT_LENGTH): boolean {
  return text.length <= longest && !/[^\u0020-\u007e\u0080-\u00ff]/.test(text);
}

/** The text that was given, cut so that an answer stays readable; a URL's user and password are left out. */
export function quote(value: string): string {
  const shown = value.replace(/\/\/[^/@]*@/, '//…@');
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown);
}
