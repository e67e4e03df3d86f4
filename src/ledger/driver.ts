// Kysely's driver over an engine: statements that read go anywhere, transactions take their turn, failures stay failures.
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';
import type { Answer, Connection, Engine } from './engine.ts';
import { LedgerFault } from './fault.ts';
import { bindable } from './value.ts';
import { openWriting } from './writing.ts';

/** For reading: each statement by itself, and no transactions. */
export function readDriver(engine: Engine): Driver {
  const never = async () => {
    throw new Error('expected a transaction to go through Ledger.write, got one on Ledger.read');
  };
  return {
    init: async () => {},
    acquireConnection: async () => {
      // outside of its transaction it would see neither what was written nor a state that stays
      if (openWriting()) throw new Error('expected to read by the write that is open, got Ledger.read in it');
      return new Reading(await engine.acquireReader());
    },
    beginTransaction: never,
    commitTransaction: never,
    rollbackTransaction: never,
    releaseConnection: async (connection) => engine.releaseReader((connection as Reading).connection),
    destroy: async () => {},
  };
}

/** For transactions alone. */
export function writeDriver(engine: Engine): Driver {
  return {
    init: async () => {},
    acquireConnection: async () => new Transacting(await engine.acquireWriter()),
    beginTransaction: (connection) => {
      const { isolation, alone } = openWriting()!;
      return (connection as Transacting).begin(engine.begin(isolation, alone));
    },
    commitTransaction: (connection) => (connection as Transacting).commit(),
    rollbackTransaction: (connection) => (connection as Transacting).rollback(),
    releaseConnection: async (connection) => {
      const { connection: own, isBroken } = connection as Transacting;
      engine.releaseWriter(own, isBroken);
    },
    destroy: async () => {},
  };
}

class Reading implements DatabaseConnection {
  readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { kind } = query.query;
    if (kind !== 'SelectQueryNode' && kind !== 'RawNode')
      throw new Error(`expected a statement that reads on Ledger.read, got ${kind}`);
    return resultOf(await this.connection.run(query.sql, query.parameters.map(bindable)));
  }

  streamQuery(): never {
    throw notStreamed();
  }
}

class Transacting implements DatabaseConnection {
  readonly connection: Connection;
  isBroken = false;
  #isBegun = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async begin(sql: string): Promise<void> {
    await this.#run(sql, []);
    this.#isBegun = true;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // PostgreSQL would refuse what follows a failed statement; SQLite would go on with half of the work
    const failure = openWriting()?.failure;
    if (failure !== undefined) throw failure;
    return resultOf(await this.#run(query.sql, query.parameters));
  }

  async commit(): Promise<void> {
    const failure = openWriting()?.failure;
    if (failure !== undefined) throw failure;
    try {
      await this.#run('commit', []);
      this.#isBegun = false;
    } catch (error) {
      if (!(error instanceof LedgerFault) || error.code !== 'database-unreachable') throw error;
      this.isBroken = true;
      throw new LedgerFault(
        'outcome-unknown',
        'expected to hear that a transaction was committed, got a connection that broke: it may be or not',
        { hint: 'look what was recorded before doing it again', cause: error },
      );
    }
  }

  async rollback(): Promise<void> {
    if (!this.#isBegun) return;
    this.#isBegun = false;
    try {
      await this.connection.run('rollback', []);
    } catch {
      // what failed first is what is thrown; this connection is not used again
      this.isBroken = true;
    }
  }

  streamQuery(): never {
    throw notStreamed();
  }

  async #run(sql: string, parameters: readonly unknown[]): Promise<Answer> {
    try {
      return await this.connection.run(sql, parameters.map(bindable));
    } catch (error) {
      const writing = openWriting();
      if (writing !== undefined) writing.failure ??= error;
      throw error;
    }
  }
}

function resultOf<R>(answer: Answer): QueryResult<R> {
  return { rows: answer.rows as R[], numAffectedRows: BigInt(answer.changes) };
}

function notStreamed(): Error {
  return new Error('expected pages by key, got a query to stream: both databases answer whole');
}
