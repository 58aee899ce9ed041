export { coveredWindows } from './covered-windows.ts';
export { dailyWindowProblems, readDailyWindow } from './daily-window.ts';
export { scheduleProblems } from './problems.ts';
export { type Change, readSchedule, type Schedule } from './schedule.ts';
