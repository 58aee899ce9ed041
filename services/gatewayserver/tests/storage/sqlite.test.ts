import { jest } from '@jest/globals';
import { sqliteFile, sqliteMemory } from '../support/databases.ts';
import { storageContract } from './contract/contract.ts';

jest.setTimeout(60_000);

storageContract('a SQLite file', sqliteFile, { lasting: true });
storageContract('sqlite::memory:', sqliteMemory, { lasting: false });
