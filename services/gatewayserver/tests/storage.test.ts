import { jest } from '@jest/globals';
import { storageContract } from './storage-contract.ts';
import { sqliteFile, sqliteMemory } from './storage-databases.ts';

jest.setTimeout(60_000);

storageContract('a SQLite file', sqliteFile, { lasting: true });
storageContract('sqlite::memory:', sqliteMemory, { lasting: false });
