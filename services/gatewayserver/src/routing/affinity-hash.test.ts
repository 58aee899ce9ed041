import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { Group_Affinity_By as By, Group_AffinitySchema } from '@trino-gateway/api/gateway';
import { analyseStatement } from '@trino-gateway/sql';
import { type AffinityFacts, affinityHash, ownAffinityHash } from './affinity-hash.ts';
import { hashOf } from './strategies/hash.ts';

const query = (headers: readonly string[] = [], tables: readonly string[] = []): AffinityFacts => ({
  user: 'ann',
  rawHeaders: headers,
  sql: () => ({ ...analyseStatement('', []), tables }),
});
const by = (kind: By, sessionProperty = '') => create(Group_AffinitySchema, { by: kind, sessionProperty });
const source = ['X-Trino-Source', 'dbt'];
const session = ['X-Trino-Session', 'a=1,hive.bucket=b%207'];

test.each([
  [undefined, query(source), 'ann'],
  [by(By.BY_UNSPECIFIED), query(source), 'ann'],
  [by(By.USER), query(source), 'ann'],
  [by(By.SOURCE), query(source), 'dbt'],
  [by(By.SOURCE), query(), 'ann'],
  [by(By.TABLE), query([], ['tpch.tiny.nation', 'tpch.tiny.region']), 'tpch.tiny.nation'],
  [by(By.TABLE), query(), 'ann'],
  [by(By.SESSION_PROPERTY, 'hive.bucket'), query(session), 'b 7'],
  [by(By.SESSION_PROPERTY, 'hive.other'), query(session), 'ann'],
])('%#: %j goes by %j: %s', (affinity, facts, text) => {
  expect(affinityHash(affinity, facts)).toBe(hashOf(text));
  const own = ownAffinityHash(affinity, facts);
  expect(own === undefined ? undefined : own >>> 0).toBe(text === 'ann' ? undefined : hashOf(text));
});

test('a group that does not go by tables never reads the statement', () => {
  const facts = {
    ...query(source),
    sql: () => {
      throw new Error('nobody asked for that');
    },
  };
  for (const kind of [By.USER, By.SOURCE, By.SESSION_PROPERTY]) affinityHash(by(kind, 'a'), facts);
});
