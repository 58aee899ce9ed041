import { expect, test } from '@jest/globals';
import { commandsOf } from './readme-commands.ts';

const PAGE = `
Text, and \`make inline\`.

\`\`\`sh
make run
\`\`\`

\`\`\`text
its output
\`\`\`

\`\`\`sh
# What is there?
./trino-gateway list backends

./trino-gateway apply -f - <<'END'
groups:

# of YAML
  - { id: etl }
END
curl -d '{"a": 1,
  "b": 2}' http://localhost:8000/
curl one \\
-H two
\`\`\`
`;

test('the commands of a page are the lines of its sh blocks, with their here documents and further lines', () => {
  expect(commandsOf(PAGE)).toEqual([
    'make run',
    './trino-gateway list backends',
    "./trino-gateway apply -f - <<'END'\ngroups:\n\n# of YAML\n  - { id: etl }\nEND",
    'curl -d \'{"a": 1,\n  "b": 2}\' http://localhost:8000/',
    'curl one \\\n-H two',
  ]);
});
