import { type DailyWindow, type DailyWindowText, readDailyWindow } from './daily-window.ts';

const DAY_SECONDS = 86_400;
const WEEK_SECONDS = 7 * DAY_SECONDS;

/** From a second of the week on, to another. */
type Span = readonly [from: number, to: number];

/**
 * The places of windows that never count where the last one that holds counts: those of the same zone after them, and those that
 * always hold, leave nothing of them. Windows of different zones are not compared: their clocks may change.
 */
export function coveredWindows(windows: readonly DailyWindowText[]): number[] {
  const read = windows.map((text) => ({
    zone: text.timeZone.toLowerCase() || 'utc',
    spans: spansOf(readDailyWindow(text)),
  }));
  return [...read.keys()].filter((at) => {
    const own = read[at];
    const later = read
      .slice(at + 1)
      .filter(({ zone, spans }) => zone === own?.zone || isCovered([[0, WEEK_SECONDS]], spans));
    return (
      own &&
      isCovered(
        own.spans,
        later.flatMap(({ spans }) => spans),
      )
    );
  });
}

/** What reaches into the next week is at its beginning. */
function spansOf({ days, from, seconds }: DailyWindow): Span[] {
  return [...days].flatMap((day): Span[] => {
    const begins = day * DAY_SECONDS + from;
    const ends = begins + seconds;
    return ends <= WEEK_SECONDS
      ? [[begins, ends]]
      : [
          [begins, WEEK_SECONDS],
          [0, ends - WEEK_SECONDS],
        ];
  });
}

function isCovered(spans: readonly Span[], by: readonly Span[]): boolean {
  const sorted = by.toSorted(([one], [other]) => one - other);
  return spans.every(([from, to]) => {
    let reached = from;
    for (const [begins, ends] of sorted) if (begins <= reached) reached = Math.max(reached, ends);
    return reached >= to;
  });
}
