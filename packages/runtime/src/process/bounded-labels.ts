/** The labels of one time series. */
type Labels = Record<string, string>;

/**
 * Bounds the series of a metric, whatever names users invent: the first `most` sets of labels pass as they are; in every
 * further one the labels named by `replaceable` become "other".
 */
export function boundedLabels(
  most: number,
  replaceable: readonly string[],
): <Given extends Labels>(labels: Given) => Given {
  const seen = new Set<string>();
  return (labels) => {
    const key = JSON.stringify(labels);
    if (seen.has(key)) return labels;
    if (seen.size < most) {
      seen.add(key);
      return labels;
    }
    return { ...labels, ...Object.fromEntries(replaceable.map((name) => [name, 'other'])) };
  };
}
