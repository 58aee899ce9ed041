import { describe, expect, test } from '@jest/globals';
import { readRules } from './read-rules.ts';
import { translateRules } from './translate-rules.ts';

function translated(text: string) {
  const notes: { about: string; text: string }[] = [];
  const rules = translateRules(readRules('rules.yml', text, notes), notes);
  return { rules, notes: notes.map(({ about, text: said }) => `${about}: ${said}`) };
}

/** A file of one rule that leads to "g" under this condition. */
function whenOf(condition: string): string | undefined {
  const text = `name: r\ncondition: ${JSON.stringify(condition)}\nactions: ['result.put("routingGroup", "g")']`;
  const { rules, notes } = translated(text);
  return rules[0]?.when ?? notes[0]?.replace(/^rule "r" \(line 1\): /, '');
}

describe('a condition in MVEL says the same in the rules’ own language', () => {
  test.each<[string, string]>([
    ['request.getHeader("X-Trino-Source") == "airflow"', 'source == "airflow"'],
    ['"airflow" == request.getHeader("x-trino-source")', 'source == "airflow"'],
    ['request.getHeader("X-Trino-Source").equals("airflow")', 'source == "airflow"'],
    ['"airflow".equals(request.getHeader("X-Trino-Source"))', 'source == "airflow"'],
    ['request.getHeader("X-Trino-Source") != "airflow"', '!(source == "airflow")'],
    ['request.getHeader("X-Trino-Source").startsWith("air")', 'source.startsWith("air")'],
    [
      'request.getHeader("X-Trino-Source").toLowerCase().endsWith("f.w")',
      '"x-trino-source" in headers && headers["x-trino-source"].matches("(?i)f\\\\.w$")',
    ],
    [
      'request.getHeader("X-Trino-Source").equalsIgnoreCase("Air")',
      '"x-trino-source" in headers && headers["x-trino-source"].matches("(?i)^Air$")',
    ],
    [
      'request.getHeader("X-Team").matches("data-.*|ml")',
      '"x-team" in headers && headers["x-team"].matches("^(?:data-.*|ml)$")',
    ],
    ['request.getHeader("X-Team") ~= "a+"', '"x-team" in headers && headers["x-team"].matches("^(?:a+)$")'],
    ['request.getHeader("X-Team") == null', '!("x-team" in headers)'],
    [
      'request.getHeader("X-Team") != null && request.getHeader("X-Team") == "ml"',
      '"x-team" in headers && headers["x-team"] == "ml"',
    ],
    [
      'request.getHeader("X-Trino-Client-Tags") contains "label=special"',
      'client_tags.exists(t, t.contains("label=special"))',
    ],
    [
      'request.getHeader("X-Trino-Client-Tags") contains "a,b"',
      '"x-trino-client-tags" in headers && headers["x-trino-client-tags"].contains("a,b")',
    ],
    ['Arrays.asList(request.getHeader("X-Trino-Client-Tags").split(",")).contains("etl")', '"etl" in client_tags'],
    ['["a", "b"] contains request.getHeader("X-Trino-Source")', 'source == "a" || source == "b"'],
    [
      'request.getHeader("A") == "1" && (request.getHeader("B") == null || request.getHeader("B").isEmpty())',
      '"a" in headers && headers["a"] == "1" && (!("b" in headers) || ("b" in headers && headers["b"] == ""))',
    ],
    ['trinoRequestUser.userExistsAndEquals("will")', 'user == "will"'],
    ['trinoRequestUser.getUser().get() == "will"', 'user == "will"'],
    [
      'trinoRequestUser.getUser().isPresent() && trinoRequestUser.user.get().startsWith("svc-")',
      'user != "" && user.startsWith("svc-")',
    ],
    ['trinoRequestUser.getUser().orElse("").matches("svc-.*")', 'user.matches("^(?:svc-.*)$")'],
    [
      'trinoQueryProperties.tablesContains("cat_default.\\"schem_default\\".tblz")',
      '"cat_default.schem_default.tblz" in tables',
    ],
    [
      'trinoQueryProperties.getTables().contains(io.trino.sql.tree.QualifiedName.of("a", "b", "c"))',
      '"a.b.c" in tables',
    ],
    ['trinoQueryProperties.getTables().toString().contains("hive.raw")', 'tables.exists(t, t.contains("hive.raw"))'],
    ['trinoQueryProperties.getTables().size() > 50', 'size(tables) > 50'],
    ['!trinoQueryProperties.getTables().isEmpty()', '!(size(tables) == 0)'],
    ['trinoQueryProperties.getCatalogs().contains("catx")', '"catx" in catalogs'],
    ['trinoQueryProperties.getSchemas().contains("s")', 'schemas.exists(s, s.endsWith(".s"))'],
    [
      'trinoQueryProperties.getCatalogSchemas.contains("c.s") && !trinoQueryProperties.getCatalogSchemas.contains("c.t")',
      '"c.s" in schemas && !("c.t" in schemas)',
    ],
    ['trinoQueryProperties.getQueryType().toLowerCase.equals("insert")', 'statement_class.matches("(?i)^insert$")'],
    ['trinoQueryProperties.getQueryType() == "Insert"', 'statement_class == "Insert"'],
    ['trinoQueryProperties.getResourceGroupQueryType().equals("DATA_DEFINITION")', 'kind == "DATA_DEFINITION"'],
    ['trinoQueryProperties.getDefaultCatalog().equals(java.util.Optional.of("c"))', 'catalog == "c"'],
    ['trinoQueryProperties.getDefaultSchema().isPresent()', 'schema != ""'],
    ['trinoQueryProperties.getBody().contains("/*etl*/")', 'statement.contains("/*etl*/")'],
    ['trinoQueryProperties.isNewQuerySubmission() && request.getRemoteAddr() == "10.0.0.1"', 'client_ip == "10.0.0.1"'],
    ['request.getLocalPort() == 8081', 'listening_port == 8081'],
    ['true', 'true'],
    ['!(1 < 2) // a comment', '!(1 < 2)'],
  ])('%s', (mvel, cel) => expect(whenOf(mvel)).toBe(cel));
});

describe('what has no counterpart is told with the reason', () => {
  test.each<[string, string]>([
    ['request.getRequestURI() contains "x"', 'request has no requestURI that is known here'],
    ['request.getHeader("Authorization") == "x"', 'rules do not see Authorization here'],
    [
      'trinoQueryProperties.getDefaultCatalog() == "c"',
      'an Optional never equals a text: say .get(), or compare it with Optional.of(…)',
    ],
    ['request.getHeader("X").matches("(?=a)b")', 'the pattern "(?=a)b" uses looking around'],
    ['request.getHeader("X").matches("(a)\\\\1")', 'the pattern "(a)\\\\1" uses a reference to a group'],
    ['java.lang.System.exit(1) == 0', 'java has no counterpart'],
    ['foo(1)', 'the function foo has no counterpart'],
    ['request.getHeader("X") ? true : false', '? : has no counterpart'],
    ['request.getHeader("X")', 'a text is no condition'],
    ['!request.getHeader("X") contains "a"', 'a text is no condition'],
    ['request.getHeader("X") == "a" &&', 'the end is not understood there'],
    ['request.getHeader("X") == `a`', '"`" is not understood'],
    [
      'request.getHeader(request.getHeader("X")) == "a"',
      'expected a text in quotes, which is all that can be compared with here',
    ],
  ])('%s', (mvel, why) => expect(whenOf(mvel)).toBe(`not translated: its condition (line 2): ${why}`));
});

test.each(['(', '!', '[', 'a.b(', 'a.', 'true && ', 'if (true) '])('a rule without end is refused: %s', (part) => {
  expect(whenOf(`${part.repeat(1_000)}true`)).toMatch(
    /nested too deeply|no counterpart|no condition|^true$|not understood/,
  );
  expect(whenOf(`${part.repeat(30_000)}true`)).toMatch(/more than 5000 words and signs|longer than 100000 characters/);
});

test('conditions that build on each other through state do not grow without end', () => {
  const { notes } = translated(
    Array.from(
      { length: 100 },
      (_, at) => `---
name: r${at}
priority: ${at}
condition: (state.get("x") != "a" && request.getHeader("A") == "${at}") || (state.get("x") == "a" && request.getHeader("B") == "${at}")
actions: ['state.put("x", "a")']
`,
    ).join(''),
  );
  expect(notes.some((note) => note.includes('what it keeps in state depends on too much'))).toBe(true);
});

test('all fire there and the last one wins: here the order is reversed, by priority and then by place', () => {
  const rule = (name: string, priority: string, group: string) =>
    `---\nname: ${name}\n${priority}condition: "true"\nactions:\n  - 'result["routingGroup"] = "${group}"'\n`;
  const { rules } = translated(
    rule('late', 'priority: 5\n', 'l') + rule('a', '', 'a') + rule('b', '', 'b') + rule('first', 'priority: -1\n', 'f'),
  );
  expect(rules.map(({ name }) => name)).toEqual(['late', 'b', 'a', 'first']);
});

test('if and else of an action are rules of their own', () => {
  const { rules, notes } = translated(`
name: airflow
condition: 'request.getHeader("X-Trino-Source") == "airflow"'
actions:
  - 'if (request.getHeader("X-Trino-Client-Tags") contains "label=foo") { result.put("routingGroup", "etl-foo"); }
     else if (request.getHeader("X-Trino-Client-Tags") contains "label=bar") result.put("routingGroup", "etl-bar")
     else { result.put(FileBasedRoutingGroupSelector.RESULTS_ROUTING_GROUP_KEY, "etl") }'
`);
  const [foo, bar] = ['foo', 'bar'].map((tag) => `client_tags.exists(t, t.contains("label=${tag}"))`);
  expect(notes).toEqual([]);
  expect(rules).toEqual([
    { name: 'airflow', group: 'etl', when: `source == "airflow" && !${foo} && !${bar}` },
    { name: 'airflow', group: 'etl-bar', when: `source == "airflow" && !${foo} && ${bar}` },
    { name: 'airflow', group: 'etl-foo', when: `source == "airflow" && ${foo}` },
  ]);
});

test('what rules put into state is what later conditions ask for', () => {
  const { rules, notes } = translated(`
name: init
priority: 0
condition: "true"
actions: ['state.put("fired", new HashSet())']
---
name: airflow
priority: 1
condition: request.getHeader("X-Trino-Source") == "airflow"
actions: ['result.put("routingGroup", "etl")', 'state.get("fired").add("airflow"); state["who"] = "a"']
---
name: special
priority: 2
condition: state.get("fired").contains("airflow") && request.getHeader("X-Trino-Client-Tags") contains "s"
actions: ['result.put("routingGroup", "etl-special")']
---
name: who
priority: 3
condition: state.get("who") != "a" && state.get("nobody") == null
actions: ['result.put("routingGroup", "other")']
`);
  expect(notes).toEqual([]);
  expect(rules.map(({ name, when }) => [name, when])).toEqual([
    ['who', '!(source == "airflow")'],
    ['special', 'source == "airflow" && client_tags.exists(t, t.contains("s"))'],
    ['airflow', 'source == "airflow"'],
  ]);
});

test('a rule that cannot be translated is told with its line, and so is what depends on its state', () => {
  const { rules, notes } = translated(`name: broken
priority: 0
condition: request.getSession() == null
actions:
  - state.put("x", "1")
---
name: dependent
priority: 1
condition: state.get("x") == "1"
actions: ['result.put("routingGroup", "g")']
---
name: fine
condition: "true"
actions:
  - result.put("routingGroup", "g")
owner: me
---
name: silent
condition: "true"
actions: []
---
name: action
condition: "true"
actions:
  - result.put("routingGroup", "g")
  - result.put("other", "g")
---
just a text
`);
  expect(rules.map(({ name }) => name)).toEqual(['fine']);
  expect(notes).toEqual([
    'rule "fine" (line 12): its "owner" has no counterpart',
    'rule (line 28): not translated: it is no rule: expected name, condition and actions',
    'rule "broken" (line 1): not translated: its condition (line 3): request has no session that is known here',
    'rule "silent" (line 18): left out: it sets no group',
    'rule "action" (line 22): not translated: an action (line 26): the result has a "other", which is not known',
    'rule "dependent" (line 7): not translated: it uses state, which "broken" may change, and that is not translated',
  ]);
});

test('a file that is no YAML is refused with its place', () => {
  expect(() => translated('name: [\n')).toThrow(/^rules\.yml: not YAML: .* at line 2/);
});
