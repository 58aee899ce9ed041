/** A segment of a spooled result, and the headers that its requests need. */
export type SpooledSegment = { uri: string; ackUri: string; headers: Record<string, string> };

type Page = {
  id: string;
  nextUri?: string;
  data?: { segments: { uri: string; ackUri: string; headers?: Record<string, string[]> }[] };
};

/** Runs a statement whose result is spooled as plain JSON. */
export async function spooledResult(
  url: string,
  statement: string,
): Promise<{ id: string; segments: SpooledSegment[] }> {
  const who = { 'X-Trino-User': 'spooling' };
  const headers = { ...who, 'X-Trino-Query-Data-Encoding': 'json' };
  const segments: SpooledSegment[] = [];
  let answer = await fetch(`${url}/v1/statement`, { method: 'POST', body: statement, headers });
  for (;;) {
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    const { id, nextUri, data } = (await answer.json()) as Page;
    for (const { uri, ackUri, headers: lines = {} } of data?.segments ?? []) {
      const given = Object.entries(lines).map(([name, values]) => [name, values.join(',')]);
      segments.push({ uri, ackUri, headers: Object.fromEntries(given) });
    }
    if (nextUri === undefined) return { id, segments };
    answer = await fetch(nextUri, { headers: who });
  }
}
