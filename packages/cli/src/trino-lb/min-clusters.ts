import { create } from '@bufbuild/protobuf';
import { type Group_Autoscaling_MinClusters, Group_Autoscaling_MinClustersSchema } from '@trino-gateway/api/gateway';
import type { Remark } from '../imported/notes.ts';
import type { TrinoLbMinClusters } from './model.ts';

const RANGE = /^\s*(\d{2}):(\d{2}):(\d{2})\s*-\s*(\d{2}):(\d{2}):(\d{2})\s*$/;
/** What it takes for the whole week, misspelt in its own examples. */
const WHOLE_WEEK = /^\s*Mon\s*-\s*So?u?n\s*$/;
const DAY_S = 86_400;

/** The least numbers of clusters, in the same order: in both the last one that fits holds. */
export function translateMinClusters(
  windows: readonly TrinoLbMinClusters[],
  clusters: number,
  remark: Remark,
): Group_Autoscaling_MinClusters[] {
  return windows.flatMap((window, at) => {
    const about: Remark = (text) => remark(`its minClusters[${at}] ${text}`);
    const range = readRange(window.timeUtc, about);
    if (range === undefined || !isWholeWeek(window.weekdays, about)) return [];
    if (window.min > clusters) about(`asks for ${window.min} of ${clusters} clusters: all of them here`);
    return [create(Group_Autoscaling_MinClustersSchema, { ...range, min: Math.min(window.min, clusters) })];
  });
}

/** The same times, whose end does not count here. */
function readRange(text: string, about: Remark): { from: string; to: string } | undefined {
  const times = RANGE.exec(text)?.slice(1).map(Number);
  if (times === undefined) {
    about('is left out: its timeUtc is not HH:MM:SS - HH:MM:SS');
    return undefined;
  }
  const [from, to] = [secondOf(times.slice(0, 3)), secondOf(times.slice(3))];
  if (from === undefined || to === undefined) {
    about('is left out: there is no such time of day, so that it never fitted there');
    return undefined;
  }
  if (from > to) {
    about(
      'is left out: its end is before its beginning, so that it never fitted there; here it would reach over midnight',
    );
    return undefined;
  }
  if (from === 0 && to === DAY_S - 1) return { from: '', to: '' };
  return { from: clock(from), to: clock(to + 1) };
}

function secondOf([hour = 0, minute = 0, second = 0]: readonly number[]): number | undefined {
  return hour < 24 && minute < 60 && second < 60 ? (hour * 60 + minute) * 60 + second : undefined;
}

function clock(second: number): string {
  const parts = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60];
  if (parts[2] === 0) parts.pop();
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

function isWholeWeek(weekdays: string, about: Remark): boolean {
  if (WHOLE_WEEK.test(weekdays)) return true;
  about('is left out: its weekdays stopped trino-lb from starting; write them as weekdays here');
  return false;
}
