import { type ChildProcess, spawn } from 'node:child_process';
import { type ClientName, clients } from './clients.ts';
import { cliProgram } from './java-programs.ts';

const USER = 'e2e';

/** Starts one statement by this client, in a process of its own. Throws MissingToolError when the client cannot be installed. */
export async function startOne(client: ClientName, url: string, say: (line: string) => void): Promise<ChildProcess> {
  const { command, args } = await clients[client].program(say);
  const { hostname, port } = new URL(url);
  const env = { ...process.env, MATRIX_MANY: 'SELECT 1', PYTHONDONTWRITEBYTECODE: '1' };
  const started = (...own: string[]) => spawn(command, own, { env, stdio: 'ignore' });
  switch (client) {
    case 'pyhive':
      return started(
        '-c',
        `from pyhive import trino; c = trino.connect(host="${hostname}", port=${port}, username="${USER}").cursor(); c.execute("SELECT 1"); c.fetchall()`,
      );
    case 'sqlalchemy':
      return started(
        '-c',
        `import sqlalchemy; sqlalchemy.create_engine("trino://${USER}@${hostname}:${port}/tpch").connect().execute(sqlalchemy.text("SELECT 1")).fetchall()`,
      );
    case 'cli': {
      const cli = await cliProgram(say);
      return spawn(cli.command, [...cli.args, '--server', url, '--user', USER, '--execute', 'SELECT 1'], {
        env,
        stdio: 'ignore',
      });
    }
    default:
      return started(...args, url, USER);
  }
}
