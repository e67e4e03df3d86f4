// What an answer rests on, said in every format: whose database, how old, and what its silence proves.
import type { ScanResult } from '../match/index.ts';

export interface Basis {
  /** The seed that ships with Seaworthy, this home's own database, or none. */
  database: 'seed' | 'home' | 'none';
  revision?: string;
  sources: { ecosystem: string; knows: 'fixed only' | 'also unfixed'; ageDays?: number }[];
}

export function basisOf(result: ScanResult): Basis {
  const { database } = result;
  const ages = new Map(database?.sources.map(({ name, ageDays }) => [name, ageDays]));
  return {
    database: database === undefined ? 'none' : database.isSeed ? 'seed' : 'home',
    ...(database ? { revision: database.revision } : {}),
    sources: result.sources.map(({ ecosystem, knows }) => {
      const age = ages.get(ecosystem.split(':')[0]!);
      return { ecosystem, knows, ...(age === undefined ? {} : { ageDays: Math.floor(age) }) };
    }),
  };
}
