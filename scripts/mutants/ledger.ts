// Mutants of the record: leases, keys, migrations, transactions, outbox and audit trail (issue 7).
import { type Mutant, mutantsOf } from './mutant.ts';

const workers = ['src/ledger/workers.test.ts'];
const audit = ['src/ledger/audit.test.ts'];
const migrations = ['src/ledger/migrate.test.ts'];
const open = ['src/ledger/open.test.ts'];
const transactions = ['src/ledger/transact.test.ts'];
const sqlite = ['src/ledger/sqlite.test.ts'];
const crash = ['src/ledger/crash.test.ts'];
const outbox = ['src/ledger/outbox.test.ts'];
const urls = ['src/ledger/url.test.ts'];

const lost = 'who lost the lease cannot write, and does not end what another works on';
const grows = 'rows are neither changed nor taken away nor replaced';

export const ledgerMutants: readonly Mutant[] = [
  ...mutantsOf('src/ledger/fence.ts', workers, [
    {
      name: 'ledger: who lost a lease writes on',
      find: "row === undefined || row.state !== 'leased' || row.token !== job.token",
      replace: 'row === undefined',
      red: [lost],
    },
  ]),
  ...mutantsOf('src/ledger/settle.ts', workers, [
    {
      name: 'ledger: who lost a lease ends the job of another',
      find: "if (now?.state !== 'leased' || now.token !== row.token) continue;",
      replace: 'if (now === undefined) continue;',
      red: [lost],
    },
    {
      name: 'ledger: a job is tried for ever',
      find: "if (row.attempt >= row.attempts) return { state: 'dead', error };",
      replace: '',
      red: [
        'what fails is tried again later, then kept as dead with its error, and revived or dropped',
        'an end that is none fails the job, and holds no other up',
      ],
    },
    {
      name: 'ledger: a stop counts as an attempt',
      find: 'attempt: row.attempt - 1',
      replace: 'attempt: row.attempt',
      red: ['a stop tells handlers, gives back what they leave, and counts no attempt for it'],
    },
  ]),
  ...mutantsOf('src/ledger/enqueue.ts', workers, [
    {
      name: 'ledger: what is enqueued while its key runs is lost',
      find: "next = case ledger_jobs.state when 'leased' then",
      replace: "next = case ledger_jobs.state when 'never' then",
      red: ['a key that is enqueued while it runs runs once more after, with what was enqueued last'],
    },
  ]),
  ...mutantsOf('src/ledger/workers.ts', workers, [
    {
      name: 'ledger: kinds have no bound of their own',
      find: '(limits[kind] ?? concurrency) - busy',
      replace: 'limits[kind] === -1 ? busy : count',
      red: ['no more run at a time than asked for, of all and of each kind'],
    },
  ]),
  ...mutantsOf('src/ledger/lease.ts', workers, [
    {
      name: 'ledger: a worker takes from itself what it still works on',
      find: "if (running.length > 0) late = late.where('id', 'not in', running);",
      replace: '',
      red: [lost],
    },
  ]),
  ...mutantsOf('src/ledger/open.ts', crash, [
    {
      name: 'ledger: what a crash left is waited for',
      find: "if (engine.dialect === 'sqlite') await ledger.write(reclaimAll);",
      replace: '',
      red: [
        'a worker killed when it has leased leaves each effect once (sqlite)',
        'a worker killed when it has written leaves each effect once (sqlite)',
        'a worker killed when it has finished leaves each effect once (sqlite)',
      ],
    },
  ]),
  ...mutantsOf('src/ledger/auditbook.ts', audit, [
    {
      name: 'ledger: rows of the audit trail can be changed',
      find: '          ...guards(dialect),\n',
      replace: '          ...guards(dialect).slice(0, 0),\n',
      red: [grows],
    },
  ]),
  ...mutantsOf('src/ledger/sqliteworker.ts', audit, [
    {
      name: 'ledger: rows of the audit trail can be replaced',
      find: "opened.exec('pragma recursive_triggers = on');",
      replace: '',
      red: [grows],
    },
  ]),
  ...mutantsOf('src/ledger/audit.ts', audit, [
    {
      name: 'ledger: rows of the audit trail do not hang together',
      find: "createHash('sha256').update(before).update(",
      replace: "createHash('sha256').update(before.subarray(0, 0)).update(",
      red: ['a changed row with a hash of its own is found by the row after it'],
    },
  ]),
  ...mutantsOf('src/ledger/verifyaudit.ts', audit, [
    {
      name: 'ledger: an audit trail without its end is whole',
      find: "if (seq < end.seq) return broken(seq + 1, 'it is missing');",
      replace: 'if (seq < end.seq) return { entries: seq, end };',
      red: ['a missing end is found', 'an empty trail is found'],
    },
  ]),
  ...mutantsOf('src/ledger/migrate.ts', migrations, [
    {
      name: 'ledger: a program works on what a newer one made',
      find: 'if (unknown)',
      replace: 'if (unknown && false)',
      red: ['a ledger that a newer version wrote is left alone'],
    },
  ]),
  ...mutantsOf('src/ledger/driver.ts', open, [
    {
      name: 'ledger: half of a write counts when its work hides that a statement failed',
      find: "    if (failure !== undefined) throw failure;\n    try {\n      await this.#run('commit', []);",
      replace: "    try {\n      await this.#run('commit', []);",
      red: ['once a statement failed nothing of a write counts, whatever became of the error'],
    },
    {
      name: 'ledger: reads change things',
      find: "if (kind !== 'SelectQueryNode' && kind !== 'RawNode')",
      replace: "if (kind === 'SelectQueryNode' && query.sql === '')",
      red: ['what would wait for itself or read around its own write is a bug that is named'],
    },
  ]),
  ...mutantsOf('src/ledger/value.ts', open, [
    {
      name: 'ledger: text that only one database keeps is taken',
      find: "if (value.includes('\\0')) throw refused('text without U+0000', 'text with one');",
      replace: '',
      red: ['values that only one database takes are refused by both'],
    },
  ]),
  ...mutantsOf('src/ledger/transact.ts', transactions, [
    {
      name: 'ledger: work is done again though it may be committed',
      find: 'if (isUnknown(error) || !isPassing(failure)) throw error;',
      replace: 'if (!isPassing(failure)) throw error;',
      red: ['a connection that broke in the commit is said, and nothing is done again'],
    },
    {
      name: 'ledger: work that always meets others never runs alone',
      find: 'alone: tried > BESIDE_OTHERS',
      replace: 'alone: false',
      red: ['work that always meets others runs alone after four tries, and is given up after eight'],
    },
  ]),
  ...mutantsOf('src/ledger/sqliteworker.ts', sqlite, [
    {
      name: 'ledger: two processes have one file',
      find: "lock.exec('begin exclusive');",
      replace: '',
      red: ['a second process is refused while the first runs, and let in once it was killed'],
    },
    {
      name: 'ledger: another program’s database is taken for a new ledger',
      find: "if (tables !== 0 && one('pragma application_id') !== APPLICATION)",
      replace: 'if (tables === -1)',
      red: ['another program’s database is left alone'],
    },
  ]),
  ...mutantsOf('src/ledger/sqlite.ts', sqlite, [
    {
      name: 'ledger: threads for reads are kept for ever',
      find: 'if (reader.thread?.pending !== 0) continue;',
      replace: 'if (reader.thread?.pending !== -1) continue;',
      red: ['a thread for reads beside others ends when nobody needed it for half a minute, and reads go on'],
    },
  ]),
  ...mutantsOf('src/ledger/outbox.ts', outbox, [
    {
      name: 'ledger: an event that is posted twice fails the second time',
      find: "    .onConflict((on) => on.columns(['channel', 'id']).doNothing())\n",
      replace: '',
      red: ['events are delivered in the order of posting, each id once'],
    },
  ]),
  ...mutantsOf('src/ledger/delivery.ts', outbox, [
    {
      name: 'ledger: what was given up in the middle counts as delivered',
      find: 'await Promise.race([deliver(event, signal), aborted]);',
      replace: 'await Promise.race([deliver(event, signal), aborted.catch(() => {})]);',
      red: [
        'a receiver that never answers holds a channel up for no longer than its time',
        'a stop in the middle is no failure of the receiver, and the event is delivered later',
      ],
    },
  ]),
  ...mutantsOf('src/ledger/url.ts', urls, [
    {
      name: 'ledger: a server elsewhere is spoken to without TLS',
      find: "return isLocal(host) ? 'off' : 'full';",
      replace: "return 'off';",
      red: [
        'a file, a throw-away ledger, a server',
        'TLS is verified unless the server is on this machine or the URL says so',
      ],
    },
  ]),
];
