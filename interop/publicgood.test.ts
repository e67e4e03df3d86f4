// Signatures that people made with Sigstore's public-good instance, years ago: they verify by the trust root that ships,
// and by nobody else's name. The bundles come with the Go modules of Sigstore's own clients.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BundleDocument, bundleEvidence, keylessAuthority } from '../src/testing/bundles.ts';
import type { Answer } from '../src/trust/evidence/index.ts';
import { parseTrustedRoot } from '../src/trust/root/index.ts';
import { bundleType, verifySigstore } from '../src/trust/sigstore/index.ts';
import { root, sh } from './peers.ts';

const shipped = parseTrustedRoot(readFileSync(join(root, 'data/sigstore/trusted_root.json'), 'utf8'));

/** Directory of a Go module, downloaded. */
function moduleOf(name: string): string {
  return (JSON.parse(sh(`cd /tmp && go mod download -json ${name}`)) as { Dir: string }).Dir;
}

/** Written before version 0.3, which holds the one certificate by itself. */
function read(path: string): BundleDocument {
  const older = JSON.parse(readFileSync(path, 'utf8'));
  const { x509CertificateChain, ...material } = older.verificationMaterial;
  const verificationMaterial = { ...material, certificate: x509CertificateChain.certificates[0] };
  return { ...older, mediaType: bundleType, verificationMaterial };
}

function verify(
  document: BundleDocument,
  digest: string,
  by: [subject: string, issuer: string],
  manifest?: Buffer,
): Answer {
  const [subject, issuer] = by;
  const authority = keylessAuthority({
    identities: [
      {
        subject: subject.includes('*') ? { pattern: subject } : { exact: subject },
        issuer: { exact: issuer },
      },
    ],
  });
  const evidence = { ...bundleEvidence(document), subject: digest };
  const about = { mediaType: '', digest, size: 1 };
  return verifySigstore(evidence, authority, {
    subject: about,
    root: shipped,
    now: Date.now(),
    ...(manifest === undefined ? {} : { manifest }),
  });
}

function code(answer: Answer): string {
  return answer.ok ? 'verified' : `${answer.code}: ${answer.message}`;
}

test('the provenance of sigstore 2.0.0 for npm, from GitHub Actions, Rekor v1', () => {
  const folder = moduleOf('github.com/sigstore/sigstore-go@v1.3.0');
  const document = read(join(folder, 'pkg/testing/data/bundles/sigstore.js@2.0.0-provenance.sigstore.json'));
  const workflow = 'https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main';
  const actions = 'https://token.actions.githubusercontent.com';
  const statement = JSON.parse(Buffer.from(document.dsseEnvelope.payload, 'base64').toString());
  const digest = `sha512:${statement.subject[0].digest.sha512}`;
  const answer = verify(document, digest, [workflow, actions]);
  assert.equal(code(answer), 'verified');
  assert.ok(answer.ok && answer.attestation?.predicateType === 'https://slsa.dev/provenance/v1');
  assert.match(
    code(verify(document, digest, [workflow.replace('sigstore-js', 'sigstore-j'), actions])),
    /^identity-other/,
  );
  assert.match(
    code(verify(document, digest, [workflow, 'https://token.actions.githubusercontent.com.example'])),
    /^identity-other/,
  );
  assert.match(code(verify(document, `sha512:${'0'.repeat(128)}`, [workflow, actions])), /^digest-other/);
  const [entry] = document.verificationMaterial.tlogEntries;
  entry.integratedTime = String(Number(entry.integratedTime) + 1);
  assert.match(code(verify(document, digest, [workflow, actions])), /^log-proof-wrong/);
});

test('a file that a person signed, with a hashedrekord entry', () => {
  const folder = join(
    moduleOf('github.com/sigstore/protobuf-specs@v0.5.2'),
    'gen/pb-rust/sigstore-protobuf-specs/assets',
  );
  const bytes = readFileSync(join(folder, 'a.txt'));
  const document = read(join(folder, 'a.txt.sigstore'));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const by: [string, string] = ['*@tny.town', 'https://github.com/login/oauth'];
  assert.equal(code(verify(document, digest, by, bytes)), 'verified');
  assert.match(code(verify(document, digest, by, Buffer.from('b'))), /^log-entry-other/);
});
