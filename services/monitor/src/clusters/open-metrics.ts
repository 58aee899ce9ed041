/** Of an answer in OpenMetrics, the series that were asked for. */
export type Series = ReadonlyMap<string, number>;

/** A line of a sample: the series, then its value, and perhaps its time. */
const SAMPLE =
  /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?<labels>\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?[ \t]+(?<value>\S+)(?:[ \t]+\S+)?[ \t]*$/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Reads the values of some series, each asked for as it is written: a name, with its labels where it has some. Other lines do not
 * matter, whatever they are.
 * @throws RangeError when one of them is there twice, or is no finite number
 */
export function readSeries(text: string, asked: ReadonlySet<string>): Series {
  const found = new Map<string, number>();
  for (const line of text.split('\n')) {
    const { name = '', labels = '', value = '' } = SAMPLE.exec(line.trimEnd())?.groups ?? {};
    const series = name + labels;
    if (!asked.has(series)) continue;
    if (found.has(series)) throw new RangeError(`${series} is there twice`);
    const number = NUMBER.test(value) ? Number(value) : Number.NaN;
    if (!Number.isFinite(number)) throw new RangeError(`${series} is no number: ${JSON.stringify(value.slice(0, 40))}`);
    found.set(series, number);
  }
  return found;
}
