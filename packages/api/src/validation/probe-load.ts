import {
  type Backend_Probe_Load,
  type Backend_Probe_Load_Bound,
  Backend_Probe_Load_SourceSchema,
  Backend_Probe_Load_Source as Source,
} from '../gen/trinogateway/v1/gateway_pb.ts';
import { check, enumProblem, type Problem, quote } from '../problem.ts';

const MOST_BOUNDS = 20;
const LONGEST_PATH = 200;
const LONGEST_SERIES = 500;
/** A name, and labels where it has some. */
const SERIES = /^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[^"}\p{Cc}]|"(?:[^"\\\p{Cc}]|\\.)*")*\})?$/u;
const PATH = /^\/[A-Za-z0-9._~/-]*$/;

/** All that is wrong with how the load of a cluster is read, with fields below `probe.load`. */
export function loadProblems(asked: Backend_Probe_Load): Problem[] {
  const { source, path, runningMetric, queuedMetric, bounds } = asked;
  const isOpen = source === Source.OPEN_METRICS;
  const isUnused = path === '' && runningMetric === '' && queuedMetric === '' && bounds.length === 0;
  return [
    ...enumProblem('source', Backend_Probe_Load_SourceSchema, source),
    ...check(
      isOpen || isUnused,
      'source',
      'expected OPEN_METRICS with path, running_metric, queued_metric or bounds: other sources have none',
    ),
    ...check(
      path === '' || (PATH.test(path) && path.length <= LONGEST_PATH && !path.split('/').includes('..')),
      'path',
      `expected a path such as /metrics, of up to ${LONGEST_PATH} characters and without a query, got ${quote(path)}`,
    ),
    ...seriesProblems('running_metric', runningMetric, true),
    ...seriesProblems('queued_metric', queuedMetric, true),
    ...check(bounds.length <= MOST_BOUNDS, 'bounds', `expected at most ${MOST_BOUNDS}, got ${bounds.length}`),
    ...bounds.slice(0, MOST_BOUNDS).flatMap(boundProblems),
  ].map(({ field, message }) => ({ field: `probe.load.${field}`, message }));
}

function boundProblems({ metric, minimum, maximum }: Backend_Probe_Load_Bound, at: number): Problem[] {
  const isNumber = (value: number | undefined) => value === undefined || Number.isFinite(value);
  return [
    ...seriesProblems('metric', metric, false),
    ...check(isNumber(minimum), 'minimum', `expected a number, got ${minimum}`),
    ...check(isNumber(maximum), 'maximum', `expected a number, got ${maximum}`),
    ...check(minimum !== undefined || maximum !== undefined, 'minimum', 'expected minimum, maximum or both'),
    ...check(
      minimum === undefined || maximum === undefined || !(minimum > maximum),
      'maximum',
      `expected at least the minimum, ${minimum}, got ${maximum}`,
    ),
  ].map(({ field, message }) => ({ field: `bounds[${at}].${field}`, message }));
}

function seriesProblems(field: string, series: string, mayBeEmpty: boolean): Problem[] {
  return check(
    (mayBeEmpty && series === '') || (series.length <= LONGEST_SERIES && SERIES.test(series)),
    field,
    `expected the name of a metric, with its labels where it has some, of up to ${LONGEST_SERIES} characters, got ${quote(series)}`,
  );
}
