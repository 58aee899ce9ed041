/** How log lines are written. */
export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** What one line says. */
export type LogEntry = {
  level: string;
  service: string;
  message: string;
  fields: Record<string, unknown>;
};

/** One log line without its end: the time first, then level, service, message and fields. */
export function logLine(format: LogFormat, { level, service, message, fields }: LogEntry, now: Date): string {
  const timestamp = now.toISOString();
  if (format === 'json') {
    const head = { timestamp, level, service, message };
    return escaped(json({ ...head, ...fields }) ?? json({ ...head, problem: 'its fields cannot be written' }) ?? '');
  }
  const facts = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${fact(value)}`],
  );
  return [timestamp, level.toUpperCase().padEnd(5), service, escaped(message), ...facts].join(' ');
}

/** A value as it stands in a text line: bare when nobody could take it for more than one. */
function fact(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\p{C}]+$/u.test(value)) return value;
  return escaped(json(value) ?? '?');
}

// What clients send may end up in a line: it must not begin another one, nor move the cursor of a terminal.
function escaped(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Undefined when it cannot be written: a circle, a function. */
function json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
  } catch {
    return undefined;
  }
}
