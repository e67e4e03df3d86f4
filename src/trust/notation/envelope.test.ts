import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, Tagged } from 'cborg';
import { forgeCose, forgeJws, makeChain, signedEvidence } from '../../testing/notation.ts';
import { CertificateFault } from '../certificate/index.ts';
import { type Evidence, Rejection, type RejectionCode } from '../evidence/index.ts';
import { readTarget } from './content.ts';
import { parseEnvelope } from './envelope.ts';

const chain = makeChain();
const name = (short: string) => `io.cncf.notary.${short}`;
const scheme = name('signingScheme');
const time = '2026-01-01T00:00:00Z';
const seconds = new Tagged(1, 1_767_225_600);

function read({ mediaType, payload }: Evidence) {
  return parseEnvelope(mediaType, payload);
}

function assertRejected(evidence: Evidence, code: RejectionCode, message: RegExp, label = ''): void {
  assert.throws(
    () => read(evidence),
    (error) => error instanceof Rejection && error.code === code && message.test(error.message),
    label,
  );
}

/** The JWS with its text changed. */
function changed(change: (envelope: Record<string, unknown>) => unknown): Evidence {
  const evidence = forgeJws(chain);
  const envelope = JSON.parse(Buffer.from(evidence.payload).toString()) as Record<string, unknown>;
  return { ...evidence, payload: Buffer.from(JSON.stringify(change(envelope))) };
}

function raw(text: string): Evidence {
  return { ...forgeJws(chain), payload: Buffer.from(text) };
}

function cose(message: unknown): Evidence {
  return { ...forgeCose(chain), payload: Buffer.from(encode(message)) };
}

test('both envelopes are read into one shape', async () => {
  const now = Date.parse('2026-05-01T10:00:00.900Z');
  const live = makeChain({
    leaf: { notBefore: now - 1000, notAfter: now + 1000 },
    intermediate: { notBefore: now - 1000, notAfter: now + 1000 },
    root: { notBefore: now - 1000, notAfter: now + 1000 },
  });
  for (const format of ['jws', 'cose'] as const) {
    const made = await signedEvidence(live, { format, now, expiry: now + 5000, agent: 'a/1' });
    const { algorithm, scheme, signingTime, expiry, agent, unknown, chain: held } = read(made);
    assert.deepEqual(
      { algorithm, scheme, signingTime, expiry, agent, unknown },
      {
        algorithm: 'ES256',
        scheme: 'notary.x509',
        signingTime: now - 900,
        expiry: now + 5000 - 900,
        agent: 'a/1',
        unknown: [],
      },
    );
    assert.deepEqual(
      held.map(({ raw }) => raw),
      live.map(({ certificate }) => certificate),
    );
  }
});

test('an authentic signing time comes under its own scheme, and has to be critical', () => {
  const authentic = name('authenticSigningTime');
  const authority = {
    [scheme]: 'notary.x509.signingAuthority',
    [name('signingTime')]: undefined,
  };
  const jws = forgeJws(chain, { head: { ...authority, crit: [scheme, authentic], [authentic]: time } });
  assert.equal(read(jws).authenticSigningTime, Date.parse(time));
  const made = forgeCose(chain, { head: { ...authority, '2': [scheme, authentic], [authentic]: seconds } });
  assert.equal(read(made).authenticSigningTime, Date.parse(time));
  for (const [head, message] of [
    [{ ...authority, [authentic]: time }, /authenticSigningTime to be critical/],
    [authority, /a signing time under notary.x509.signingAuthority, got none/],
    [{ crit: [scheme, authentic], [authentic]: time }, /that of another scheme/],
    [
      { ...authority, [name('signingTime')]: time, crit: [scheme, authentic], [authentic]: time },
      /that of another/,
    ],
  ] as const)
    assertRejected(forgeJws(chain, { head }), 'signature-malformed', message);
});

test('a protected header that says too little, too much or nonsense is refused, in both envelopes', () => {
  const expiry = name('expiry');
  const cases: [Record<string, unknown>, RejectionCode, RegExp][] = [
    [{ cty: 'application/json' }, 'payload-type', /application\/json/],
    [{ cty: undefined }, 'payload-type', /got none/],
    [{ alg: 'none' }, 'algorithm-refused', /got "none"/],
    [{ alg: 'RS256' }, 'algorithm-refused', /RS256/],
    [{ alg: 'HS256' }, 'algorithm-refused', /HS256/],
    [{ alg: undefined }, 'algorithm-refused', /got none/],
    [{ [scheme]: 'notary.x510' }, 'signature-malformed', /signing scheme/],
    [{ [scheme]: undefined, crit: ['x'], x: 1 }, 'signature-malformed', /signing scheme/],
    [{ crit: undefined }, 'signature-malformed', /list of critical/],
    [{ crit: [] }, 'signature-malformed', /list of critical/],
    [{ crit: scheme }, 'signature-malformed', /list of critical/],
    [{ crit: [scheme, scheme] }, 'signature-malformed', /once/],
    [{ crit: [scheme, 'absent'] }, 'signature-malformed', /"absent", which is not/],
    [{ crit: [name('signingTime')] }, 'signature-malformed', /signingScheme to be critical/],
    [{ [name('signingTime')]: undefined }, 'signature-malformed', /signing time/],
    [{ [name('signingTime')]: 'yesterday' }, 'signature-malformed', /a time in/],
    [{ [name('signingTime')]: '2026-02-30T00:00:00Z' }, 'signature-malformed', /a time in/],
    [{ [expiry]: time }, 'signature-malformed', /expiry after the signing time/],
    [{ [expiry]: 'FUTURE' }, 'signature-malformed', /expiry to be critical/],
  ];
  const future = '2099-01-01T00:00:00Z';
  for (const [head, code, message] of cases) {
    const label = JSON.stringify(head);
    const { crit, cty, alg, ...rest } = head;
    const jws = Object.fromEntries(
      Object.entries(head).map(([key, value]) => [key, value === 'FUTURE' ? future : value]),
    );
    assertRejected(forgeJws(chain, { head: jws }), code, message, `jws ${label}`);
    const labelled: Record<string, unknown> = Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [
        key,
        value === 'FUTURE' ? new Tagged(1, Date.parse(future) / 1000) : value === time ? seconds : value,
      ]),
    );
    if ('crit' in head) labelled['2'] = crit;
    if ('cty' in head) labelled['3'] = cty;
    if ('alg' in head) labelled['1'] = alg;
    assertRejected(forgeCose(chain, { head: labelled }), code, message, `cose ${label}`);
  }
});

test('a JWS has one spelling: strict base64url, one signature, each key once', () => {
  const malformed = (evidence: Evidence, message: RegExp) =>
    assertRejected(evidence, 'signature-malformed', message);
  const text = Buffer.from(forgeJws(chain).payload).toString();
  for (const member of ['payload', 'protected', 'signature']) {
    malformed(
      changed((envelope) => ({ ...envelope, [member]: `${envelope[member]}=` })),
      /base64url/,
    );
    malformed(
      changed((envelope) => ({ ...envelope, [member]: `${envelope[member]} ` })),
      /base64url/,
    );
    malformed(
      changed((envelope) => ({ ...envelope, [member]: '' })),
      /base64url/,
    );
    malformed(
      changed(({ [member]: _, ...envelope }) => envelope),
      /base64url|header/,
    );
    malformed(
      changed((envelope) => ({ ...envelope, [member]: 5 })),
      /base64url/,
    );
  }
  malformed(
    changed((envelope) => ({ ...envelope, signatures: [] })),
    /signatures beside/,
  );
  malformed(
    changed(({ header: _, ...envelope }) => envelope),
    /header with the certificates/,
  );
  malformed(
    changed((envelope) => ({ ...envelope, header: {} })),
    /x5c/,
  );
  malformed(
    changed((envelope) => ({ ...envelope, header: { x5c: ['$'] } })),
    /base64/,
  );
  malformed(
    changed((envelope) => ({ ...envelope, header: { x5c: [1] } })),
    /base64/,
  );
  malformed(forgeJws(chain, { open: { alg: 'ES256' } }), /alg in one header/);
  malformed(forgeJws(chain, { open: { [scheme]: 'notary.x509' } }), /signingScheme in one header/);
  malformed(forgeJws(chain, { open: { [name('timestampSignature')]: 'a' } }), /timestamp in base64/);
  malformed(raw('[]'), /JSON object/);
  malformed(raw('eyJ.eyJ.sig'), /JSON/);
  malformed(raw(`${text.slice(0, -1)},"payload":"AA"}`), /each key once/);
  malformed(raw(`${'['.repeat(100_000)}`), /levels/);
  malformed(raw(`\u{feff}${text}`), /JSON/);
  malformed({ ...forgeJws(chain), payload: Buffer.from([0xff, 0xfe]) }, /JSON/);
  malformed(raw(''), /JSON/);
});

test('a certificate that cannot be read makes an envelope unreadable', () => {
  const broken = { ...chain[0], certificate: Buffer.from('3003020101', 'hex') };
  for (const forge of [forgeJws, forgeCose])
    assert.throws(() => read(forge(chain, { chain: [broken] })), CertificateFault);
  const many = Array.from({ length: 17 }, () => chain[0]);
  for (const forge of [forgeJws, forgeCose])
    assertRejected(forge(chain, { chain: many }), 'signature-malformed', /1 to 16 certificates/);
});

test('a COSE_Sign1 is strict: its tag, four parts, definite and shortest lengths, each label once', () => {
  const malformed = (evidence: Evidence, message: RegExp) =>
    assertRejected(evidence, 'signature-malformed', message);
  const good = Buffer.from(forgeCose(chain).payload);
  malformed(forgeCose(chain, { tag: 98 }), /CBOR/);
  malformed({ ...forgeCose(chain), payload: good.subarray(1) }, /tag 18/);
  malformed({ ...forgeCose(chain), payload: Buffer.concat([good, Buffer.from([0])]) }, /CBOR/);
  malformed(
    {
      ...forgeCose(chain),
      payload: Buffer.concat([Buffer.from([0xd2, 0x9f]), good.subarray(2), Buffer.from([0xff])]),
    },
    /CBOR/,
  );
  malformed(
    { ...forgeCose(chain), payload: Buffer.concat([Buffer.from([0xd2, 0x98, 0x04]), good.subarray(2)]) },
    /CBOR/,
  );
  malformed({ ...forgeCose(chain), payload: Buffer.alloc(200_000, 0x81) }, /CBOR/);
  malformed({ ...forgeCose(chain), payload: Buffer.from('bf', 'hex') }, /CBOR/);
  malformed({ ...forgeCose(chain), payload: Buffer.from('d2845820', 'hex') }, /CBOR/);
  malformed({ ...forgeCose(chain), payload: Buffer.from('9b7fffffffffffffff', 'hex') }, /CBOR/);
  const bytes = Buffer.from([1]);
  malformed(cose(new Tagged(18, [bytes, new Map(), bytes])), /four parts/);
  malformed(cose(new Tagged(18, ['a', new Map(), bytes, bytes])), /protected header as bytes/);
  malformed(cose(new Tagged(18, [bytes, new Map(), null, bytes])), /payload as bytes/);
  malformed(cose(new Tagged(18, [bytes, new Map(), bytes, bytes])), /protected header as a map/);
  malformed(cose(new Tagged(18, [Buffer.from('a201260126', 'hex'), new Map(), bytes, bytes])), /CBOR/);
  malformed(
    cose(new Tagged(18, [encode(new Map([[Buffer.from([1]), 1]])), new Map(), bytes, bytes])),
    /labels/,
  );
  malformed(forgeCose(chain, { open: { '1': -7 } }), /label 1 in one header/);
  malformed(forgeCose(chain, { open: { [scheme]: 'notary.x509' } }), /signingScheme in one header/);
  malformed(forgeCose(chain, { open: { '33': undefined } }), /x5chain/);
  malformed(forgeCose(chain, { open: { '33': 'text' } }), /x5chain/);
  malformed(forgeCose(chain, { open: { '33': ['text'] } }), /certificate as bytes/);
  malformed(forgeCose(chain, { head: { [name('signingTime')]: 1_767_225_600 } }), /a time in/);
  malformed(forgeCose(chain, { head: { [name('signingTime')]: new Tagged(1, '2026') } }), /a time in/);
});

test('an envelope of another media type is not guessed at', () => {
  assertRejected(
    { ...forgeJws(chain), mediaType: 'application/json' },
    'signature-malformed',
    /application\/json/,
  );
  assertRejected({ ...forgeJws(chain), mediaType: 'application/cose' }, 'signature-malformed', /CBOR/);
  assertRejected({ ...forgeCose(chain), mediaType: 'application/jose+json' }, 'signature-malformed', /JSON/);
});

test('a payload that is no description of an image is refused', () => {
  const good = { mediaType: 'a/b', digest: 'sha256:x', size: 1 };
  assert.deepEqual(
    readTarget(Buffer.from(JSON.stringify({ targetArtifact: { ...good, annotations: {} } }))),
    good,
  );
  for (const payload of [
    '',
    'null',
    '[]',
    '{}',
    '{"targetArtifact":null}',
    JSON.stringify({ targetArtifact: { ...good, size: '1' } }),
    JSON.stringify({ targetArtifact: { ...good, size: 1.5 } }),
    JSON.stringify({ targetArtifact: { ...good, digest: undefined } }),
    '{"targetArtifact":{"digest":"a","digest":"b","mediaType":"c","size":1}}',
  ])
    assert.throws(
      () => readTarget(Buffer.from(payload)),
      (error) => error instanceof Rejection && error.code === 'payload-type',
      payload,
    );
});

test('an envelope of more than 256 kilobytes is not looked into', () => {
  for (const mediaType of ['application/jose+json', 'application/cose'])
    assertRejected(
      { ...forgeJws(chain), mediaType, payload: Buffer.alloc((256 << 10) + 1) },
      'signature-too-large',
      /262144/,
    );
});
