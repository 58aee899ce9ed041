/** Where the suite is served, and how its token was given. */
export type Served = {
  clients: readonly string[];
  api: string;
  /** How a shell gets the token of the API; undefined when none is needed. */
  tokenCommand: string | undefined;
  user: string;
  logPaths: readonly string[];
};

/** How the admin token was given to `make run`. */
export type TokenGiven = {
  env: { readonly [name: string]: string | undefined };
  /** The token that is in force, from wherever. */
  token: string | undefined;
};

const VARIABLE = 'TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN';
const DEFAULT_API = 'http://127.0.0.1:8000';

/** The command that gives the token to a shell, without showing it; undefined when there is none. */
export function tokenCommand({ env, token }: TokenGiven): string | undefined {
  if (token === undefined) return undefined;
  if (env[VARIABLE]) return `export TRINO_GATEWAY_TOKEN="$${VARIABLE}"`;
  const file = env[`${VARIABLE}_FILE`];
  if (file) return `export TRINO_GATEWAY_TOKEN="$(cat '${file.replaceAll("'", "'\\''")}')"`;
  return 'read -rs TRINO_GATEWAY_TOKEN; export TRINO_GATEWAY_TOKEN   # and type gatewayserver.admin_token';
}

/** What `make run` shows when all is up: addresses, and for each a command that works as it stands. */
export function banner({ clients, api, tokenCommand: token, user, logPaths }: Served): string {
  const key = token === undefined ? '' : '-H "X-Auth-Key: $TRINO_GATEWAY_TOKEN" ';
  const url = api === DEFAULT_API ? '' : `--url ${api} `;
  const rows: [title: string, ...lines: string[]][] = [
    ['Trino clients', clients.join(', '), `trino --server ${clients[0] ?? ''} --user ${user}`],
    ...(token === undefined ? [] : [['Token', token] as [string, string]]),
    ['Command line', `./trino-gateway ${url}list backends`],
    ['REST', `curl ${key}${api}/api/v1/backends`],
    ['Swagger UI', `${api}/admin/swaggerui/`],
    ['gRPC, Connect', `${api}  (proto/trinogateway/v1/gateway.proto)`],
    ['Logs', logPaths.join(', ')],
  ];
  const text = rows.flatMap(([title, ...lines]) =>
    lines.map((line, at) => `  ${(at === 0 ? title : '').padEnd(14)}  ${line}`),
  );
  return ['', ...text, ''].join('\n');
}
