const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `250ms`, `10s`, `5m`, `2h` or `1d` as milliseconds; undefined when it is not such a text. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text.trim());
  const unit = match?.[2] && UNITS[match[2]];
  return match && unit ? Math.round(Number(match[1]) * unit) : undefined;
}
