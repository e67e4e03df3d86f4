// What a judgement asked the advisory database for: when none of it changes, neither does the judgement.
import { type AdvisoryDatabase, keyOf } from '../advisory/index.ts';

/**
 * A package that was looked up; without a name: whether the ecosystem has rows. Without an ecosystem: an id of a record
 * or of a flaw that was followed or asked for its severity.
 */
export interface AdvisoryKey {
  ecosystem: string;
  name: string;
}

export interface KeyRecorder {
  /** To judge by: the same answers. */
  database: AdvisoryDatabase;
  keys(): AdvisoryKey[];
}

/** The judgement itself is listened to, so that its keys cannot differ from what it does. */
export function recordKeys(database: AdvisoryDatabase): KeyRecorder {
  const keys = new Map<string, AdvisoryKey>();
  const add = (ecosystem: string, name: string) => keys.set(`${ecosystem}\0${name}`, { ecosystem, name });
  return {
    keys: () => [...keys.values()],
    database: {
      ...database,
      lookup(ecosystem, name) {
        add(ecosystem, keyOf(ecosystem, name));
        return database.lookup(ecosystem, name);
      },
      aliasesOf(id) {
        const ids = database.aliasesOf(id);
        add('', id);
        for (const one of ids) add('', one);
        return ids;
      },
      severitiesOf(cve) {
        add('', cve);
        return database.severitiesOf(cve);
      },
      cve(id) {
        add('', id);
        return database.cve(id);
      },
      has(id) {
        add('', id);
        return database.has(id);
      },
      coverage(ecosystem) {
        add(ecosystem, '');
        return database.coverage(ecosystem);
      },
      releases(base) {
        add(base, '');
        return database.releases(base);
      },
    },
  };
}
