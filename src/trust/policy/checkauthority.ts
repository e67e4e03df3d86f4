// What is wrong with an authority of a policy, and how many signers it can stand for at most.
import { messageOf } from '../../core/index.ts';
import type { AuthorityDocument, PolicyDocument } from './document.ts';
import { certificatesOf, type Material, publicKeyOf } from './material.ts';
import type { Path, Report } from './mistake.ts';
import { momentOf } from './moment.ts';
import { identityProblem } from './pattern.ts';

/** The distinct signers it can stand for: fingerprints and names, or `many`. */
export function checkAuthority(
  authority: AuthorityDocument,
  path: Path,
  roots: NonNullable<PolicyDocument['spec']['roots']>,
  report: Report,
  material: Material,
): ReadonlySet<string> | 'many' {
  const kinds = [authority.key, authority.keyless, authority.notation].filter((kind) => kind !== undefined);
  if (kinds.length !== 1) report(path, 'expected key, keyless or notation, one of them');
  for (const kind of ['key', 'keyless'] as const) {
    const root = authority[kind]?.root;
    if (root !== undefined && root !== 'public-good' && !roots.some((item) => item.name === root))
      report([...path, kind, 'root'], `there is no trust root ${JSON.stringify(root)} in spec.roots`);
  }
  if (authority.key) return checkKeys(authority.key.keys, [...path, 'key', 'keys'], report, material);
  if (authority.keyless) {
    if (authority.proofs?.log === false && authority.proofs.timestamp !== true)
      report(
        [...path, 'proofs'],
        'a keyless certificate lives for minutes: expected the proof of a log or a timestamp',
      );
    return checkIdentities(authority.keyless.identities, [...path, 'keyless', 'identities'], report);
  }
  if (authority.notation) checkNotation(authority, path, report, material);
  return 'many';
}

function checkKeys(
  keys: NonNullable<AuthorityDocument['key']>['keys'],
  path: Path,
  report: Report,
  material: Material,
): ReadonlySet<string> {
  const signers = new Set<string>();
  for (const [i, key] of keys.entries()) {
    const at = [...path, i];
    if ((key.file === undefined) === (key.pem === undefined)) report(at, 'expected file or pem, one of them');
    else {
      try {
        signers.add(`key ${publicKeyOf(key.pem ?? material.text(key.file!)).fingerprint}`);
      } catch (error) {
        report([...at, key.pem === undefined ? 'file' : 'pem'], messageOf(error));
      }
    }
    if (
      key.notBefore !== undefined &&
      key.notAfter !== undefined &&
      momentOf(key.notBefore, 'start') >= momentOf(key.notAfter, 'end')
    )
      report([...at, 'notAfter'], `expected a time after notBefore ${key.notBefore}, got ${key.notAfter}`);
  }
  return signers;
}

function checkIdentities(
  identities: NonNullable<AuthorityDocument['keyless']>['identities'],
  path: Path,
  report: Report,
): ReadonlySet<string> | 'many' {
  const exact = new Set<string>();
  let many = false;
  for (const [i, item] of identities.entries()) {
    const at = [...path, i];
    if ((item.issuer === undefined) === (item.issuerPattern === undefined))
      report(
        at,
        'expected issuer or issuerPattern, one of them: a name alone says nothing of who checked it',
      );
    if ((item.subject === undefined) === (item.subjectPattern === undefined))
      report(at, 'expected subject or subjectPattern, one of them: an issuer alone vouches for strangers');
    for (const [key, value] of Object.entries(item)) {
      const problem = value === undefined ? undefined : identityProblem(value, key.endsWith('Pattern'));
      if (problem !== undefined) report([...at, key], problem);
    }
    if (item.issuerPattern !== undefined || item.subjectPattern !== undefined) many = true;
    else exact.add(`${item.subject} (${item.issuer})`);
  }
  return many ? 'many' : exact;
}

function checkNotation(authority: AuthorityDocument, path: Path, report: Report, material: Material): void {
  const { trustedIdentities, stores, verifyTimestamp } = authority.notation!;
  for (const [i, identity] of trustedIdentities.entries()) {
    const subject = /^x509\.subject:\s*(.+)$/.exec(identity)?.[1];
    const missing = ['C', 'ST', 'O'].filter(
      (part) => !new RegExp(`(?:^|[,+])\\s*${part}\\s*=`, 'i').test(subject ?? ''),
    );
    if (subject === undefined || missing.length > 0)
      report(
        [...path, 'notation', 'trustedIdentities', i],
        `expected "x509.subject: C=…, ST=…, O=…", got ${identity === '*' ? '"*", which trusts everybody whom the authority certifies' : `none of ${missing.join(', ')}`}`,
      );
  }
  if (!stores.some(({ type }) => type !== 'tsa'))
    report([...path, 'notation', 'stores'], 'expected a store of type ca or signingAuthority, got none');
  if (verifyTimestamp === 'always' && !stores.some(({ type }) => type === 'tsa'))
    report([...path, 'notation', 'stores'], 'verifyTimestamp: always needs a store of type tsa');
  for (const [i, store] of stores.entries()) {
    const at = [...path, 'notation', 'stores', i];
    if ((store.files === undefined) === (store.pem === undefined))
      report(at, 'expected files or pem, one of them');
    const texts = store.files ?? (store.pem === undefined ? [] : [store.pem]);
    for (const [j, text] of texts.entries())
      try {
        certificatesOf(store.files === undefined ? text : material.text(text));
      } catch (error) {
        report(store.files === undefined ? [...at, 'pem'] : [...at, 'files', j], messageOf(error));
      }
  }
  if (authority.proofs !== undefined)
    report([...path, 'proofs'], 'Notation asks for timestamps by verifyTimestamp and a store of type tsa');
}
