import { type ChildProcess, spawn } from 'node:child_process';

// Asked to end, woken if it was frozen, and killed unless it has gone by itself.
const GUARD = `read -r _; kill "$0"; kill -CONT "$0"
for second in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$0" || exit; sleep 1; done; kill -9 "$0"`;

/** A shell waits for the end of a pipe that only this process holds, and then ends the child: that works even after kill -9. */
export function endWithUs(child: ChildProcess): void {
  const guard = spawn('sh', ['-c', GUARD, String(child.pid)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.once('exit', () => guard.kill('SIGKILL')); // before the process id can belong to somebody else
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
}
