// A book that counts what jobs did: a row for each time, so that twice is seen.
import { type Book, runStatements, tableWords } from '../ledger/index.ts';

export interface EffectTables {
  effects_done: { n: number };
}

export const effects: Book = {
  name: 'effects',
  migrations: [
    {
      name: '0001-done',
      up: (db, dialect) =>
        runStatements(db, [`create table effects_done (n integer not null) ${tableWords(dialect).strict}`]),
    },
  ],
};
