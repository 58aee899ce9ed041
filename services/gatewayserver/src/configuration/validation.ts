import { Code, ConnectError } from '@connectrpc/connect';
import type { Backend_Discovery } from '@trino-gateway/api/gateway';
import { isId, type Problem } from '@trino-gateway/api/validation';

const SHOWN_PROBLEMS = 20;

/** Who manages what was discovered. */
export const BY_DISCOVERY = 'kubernetes';

/** Refuses with INVALID_ARGUMENT that names every problem by the path of its field, up to `most`. */
export function refuseProblems(problems: readonly Problem[], most = SHOWN_PROBLEMS): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, most).map(({ field, message }) => `${field}: ${message}`);
  if (problems.length > most) shown.push(`and ${problems.length - most} more`);
  throw new ConnectError(shown.join('; '), Code.InvalidArgument);
}

/** An INVALID_ARGUMENT about one field. */
export function invalid(field: string, message: string): ConnectError {
  return new ConnectError(`${field}: ${message}`, Code.InvalidArgument);
}

/** The object of a Put, checked by its rules; the problems name its fields below `name`. */
export function checked<Message>(
  name: string,
  message: Message | undefined,
  problemsOf: (message: Message) => Problem[],
) {
  if (!message) throw invalid(name, 'expected an object, got nothing');
  refuseProblems(problemsOf(message).map((problem) => ({ ...problem, field: `${name}.${problem.field}` })));
  return message;
}

/** An id that a call names an object by. */
export function checkedId(id: string, field = 'id'): string {
  if (isId(id)) return id;
  const shown = JSON.stringify(id.length > 80 ? `${id.slice(0, 80)}…` : id);
  throw invalid(field, `expected 1 to 128 letters, digits, dots, underscores or dashes, got ${shown}`);
}

/** Refuses ids that do not exist. */
export async function refuseDangling(
  field: string,
  kind: string,
  ids: readonly string[],
  exists: (id: string) => Promise<boolean>,
): Promise<void> {
  const missing: string[] = [];
  for (const id of ids) if (!(await exists(id))) missing.push(id);
  if (missing.length === 0) return;
  throw invalid(field, `expected ${kind} that exist, got ${listed(missing.map((id) => `"${id}"`))}`);
}

/** Whether a whole number is within bounds, else INVALID_ARGUMENT. */
export function checkedNumber(field: string, value: number, least: number, most: number): number {
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw invalid(field, `expected ${least} to ${most}, got ${value}`);
}

/** A text within a length, else INVALID_ARGUMENT. */
export function checkedText(field: string, text: string, most: number): string {
  if (text.length <= most) return text;
  throw invalid(field, `expected up to ${most} characters, got ${text.length}`);
}

/** NOT_FOUND of one object. */
export function notFound(kind: string, id: string): ConnectError {
  return new ConnectError(`there is no ${kind} "${id}"`, Code.NotFound);
}

/** The object, or NOT_FOUND. */
export function found<Stored>(kind: string, id: string, stored: Stored | undefined): Stored {
  if (stored === undefined) throw notFound(kind, id);
  return stored;
}

/** Refuses to change what a configuration file declares, or was discovered. */
export function refuseDeclared(
  kind: string,
  stored: { id: string; managedBy: string; discovery?: Backend_Discovery | undefined } | undefined,
): void {
  if (stored?.managedBy === BY_DISCOVERY) {
    const { object = 'a labelled object' } = stored.discovery ?? {};
    throw new ConnectError(
      `${kind} "${stored.id}" comes from ${object} in Kubernetes: change it there (it can only be enabled, disabled or drained here)`,
      Code.FailedPrecondition,
    );
  }
  if (stored?.managedBy !== 'file') return;
  throw new ConnectError(
    `${kind} "${stored.id}" is declared in the configuration file: change it there (it can only be enabled, disabled or drained here)`,
    Code.FailedPrecondition,
  );
}

/** Refuses to delete what others refer to. */
export function refuseReferenced(kind: string, id: string, referrers: readonly string[]): void {
  if (referrers.length === 0) return;
  throw new ConnectError(`${kind} "${id}" is still used by ${listed(referrers)}`, Code.FailedPrecondition);
}

function listed(texts: readonly string[]): string {
  const others = texts.length - SHOWN_PROBLEMS;
  return `${texts.slice(0, SHOWN_PROBLEMS).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
}

/** The origin of an http or https URL, else INVALID_ARGUMENT. */
export function checkedOrigin(url: string, field: string): string {
  checkedText(field, url, 512);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw invalid(field, 'expected an http or https URL');
  return new URL(url).origin;
}
