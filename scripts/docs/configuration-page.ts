import { SECRET_KEYS, sections, TAKEN_ANEW } from '@trino-gateway/config';

/** One key of the configuration as the documentation shows it. */
export type DocumentedKey = {
  section: string;
  key: string;
  variable: string;
  /** As it would be written in YAML; undefined when the key is unset unless given. */
  defaultText: string | undefined;
  meaning: string;
  secret: boolean;
  /** Taken when a running process reads its configuration anew. */
  takenAnew: boolean;
};

const INTRODUCTION: Record<string, string> = {
  gatewayserver: 'Keeps backends, groups, policies and history, and decides where a query goes.',
  monitor: 'Probes every backend and reports its health and load.',
  router: 'Takes the queries of Trino clients and passes them on.',
};

/** Every key of every section, in the order of the schema. */
export function documentedKeys(): DocumentedKey[] {
  return Object.entries(sections).flatMap(([section, { shape }]) =>
    Object.entries(shape).map(([key, field]) => ({
      section,
      key,
      variable: `TRINO_GATEWAY_${section}_${key}`.toUpperCase(),
      defaultText: 'defaultValue' in field.def ? String(field.def.defaultValue) : undefined,
      meaning: field.description ?? '',
      secret: (SECRET_KEYS as readonly string[]).includes(key),
      takenAnew: (TAKEN_ANEW[section as keyof typeof TAKEN_ANEW] as readonly string[]).includes(key),
    })),
  );
}

/** The text of docs/configuration.md. */
export function configurationPage(example: string): string {
  const keys = documentedKeys();
  const tables = Object.keys(sections).map((section) => {
    const rows = keys.filter((one) => one.section === section).map(row);
    return `## ${section}

${INTRODUCTION[section]}

| key | environment | default | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
  });
  return `<!-- Written by scripts/docs/configuration.ts from packages/config: change it there, then run make generate. -->

# Configuration

One YAML file serves the whole suite: \`--config FILE\`, or the environment variable \`TRINO_GATEWAY_CONFIG\`. Each process reads its own
section. Without a file the defaults and the environment are all there is.

- Every key of the tables below can also be given by its environment variable, which beats the file.
- Durations are a number and a unit: \`250ms\`, \`10s\`, \`5m\`, \`2h\`, \`1d\`.
- Where a comma list is expected, YAML may give a list.
- Keys marked 🔒 are secrets. Each may stand in a file of its own, whose first line is the value: \`admin_token_file: PATH\` in YAML,
  \`TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN_FILE=PATH\` in the environment. No message ever shows a secret.
- An unknown key, an unknown variable that begins like those below, a bad value or an id that nothing declares stops
  the start with exit code 2. All problems are printed at once, each with its place, the value and what was expected.
- \`--check-config\` does only that: 0 when all is well, 2 when not. It also refuses what a start only warns of, because a process may
  get its part from elsewhere: a \`default_group\` that the file does not declare, a port that is used twice, a policy for a port without a listener,
  one URL under two ids.
- Keys marked ↻ are taken anew on SIGHUP, see [reading the configuration anew](operating.md#reading-the-configuration-anew); the others hold
  after a restart.

${tables.join('\n')}
## backends, groups, policies, routing_chain

What the file declares here is created or updated, by id, when a gatewayserver starts or gets SIGHUP. Such an object says \`managed_by: file\`: the API
enables, disables and drains it, and refuses every other change. When a later file no longer declares it, it stays and the API may change it.
The routing chain is one object: it is stored as a new version whenever the file says something else, see [the routing chain](routing/chain.md).

The fields are those of \`Backend\`, \`Group\`, \`Policy\` and \`RoutingChain\` in \`proto/trinogateway/v1/gateway.proto\`, whose comments say what each means. Names may be
written \`like_this\` or \`likeThis\`. Groups name backends, and policies and steps name groups, of the same file.

A whole example (\`docs/gateway.example.yaml\`):

\`\`\`yaml
${example.trimEnd()}
\`\`\`
`;
}

function row({ key, variable, defaultText, meaning, secret, takenAnew }: DocumentedKey): string {
  const shown = defaultText === undefined ? 'unset' : defaultText === '' ? 'empty' : `\`${defaultText}\``;
  return `| \`${key}\`${secret ? ' 🔒' : ''}${takenAnew ? ' ↻' : ''} | \`${variable}\` | ${shown} | ${meaning.replaceAll('|', '\\|')} |`;
}
