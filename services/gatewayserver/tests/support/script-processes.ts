import { readdirSync, readFileSync } from 'node:fs';

/** The processes that run scripts in Python for this process. */
export function scriptProcesses(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isScriptOf(pid, parent));
}

/** Whether such a process is still there. */
export function isRunning(pid: number): boolean {
  return read(`/proc/${pid}/cmdline`).includes('run_script.py');
}

function isScriptOf(pid: number, parent: number): boolean {
  return Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]) === parent && isRunning(pid);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
