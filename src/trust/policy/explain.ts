// What each key of a policy is for, where its schema does not say so: for editors and for `kubectl explain`.

/** By the end of the path; the longest that fits counts. */
const texts: Readonly<Record<string, string>> = {
  'roots.name': 'Name that authorities call it by.',
  'tuf.mirror': 'URL of the repository.',
  'authorities.name': 'Name that rules call it by.',
  'identities.issuer': 'Issuer of the token, exactly.',
  'identities.issuerPattern': 'Issuer of the token, as an anchored pattern.',
  'identities.subject': 'Subject that was certified, exactly: a mail address, a workflow, a service account.',
  'identities.subjectPattern': 'Subject that was certified, as an anchored pattern.',
  'notation.stores': 'Certificates that chains must end in, by the kind of trust store.',
  'stores.type': 'ca, signingAuthority or tsa, as in Notation.',
  'stores.name': 'Name of the store.',
  'notation.level': 'strict when absent; permissive logs expired certificates and unknown revocation.',
  'notation.override': 'Single checks of the level, set otherwise.',
  'override.authenticTimestamp': 'Whether the time of the signature must be proven.',
  'override.expiry': 'Whether a signature that has expired counts.',
  'override.revocation': 'Whether revoked certificates count.',
  'notation.verifyTimestamp':
    'Whether a timestamp is verified always, or only once the certificate has expired.',
  'proofs.log': 'An entry in a transparency log.',
  'proofs.timestamp': 'A timestamp by a timestamp authority.',
  'rules.name': 'Name that verdicts and exceptions call it by.',
  by: 'Names of authorities.',
  atLeast: 'So many distinct signers; 1 when absent.',
  'signature.formats':
    'Formats that count: cosign, bundle, notation; those that the authorities write when absent.',
  platforms: 'Where the evidence must lie: on the index, on all platforms, or on those of the nodes.',
  'attestation.builder': 'Provenance: identity of the builder, exactly.',
  'attestation.builderPattern': 'Provenance: identity of the builder, as an anchored pattern.',
  'attestation.source': 'Provenance: repository the build was started from, exactly.',
  'attestation.sourcePattern': 'Provenance: repository the build was started from, as an anchored pattern.',
  'attestation.ref': 'Provenance: branch or tag, exactly, as refs/heads/main.',
  'attestation.refPattern': 'Provenance: branch or tag, as an anchored pattern.',
  'attestation.buildType': 'Provenance: type of the build, exactly.',
  'attestation.buildTypePattern': 'Provenance: type of the build, as an anchored pattern.',
  'attestation.verifier': 'Verification summary: identity of who verified, exactly.',
  'attestation.resource': 'Verification summary: what was verified, exactly.',
  'attestation.resourcePattern': 'Verification summary: what was verified, as an anchored pattern.',
  'attestation.levels': 'Verification summary: levels that must all be among those verified.',
  'attestation.policyDigest': 'Verification summary: digest of the policy that it was made under.',
  'attestation.maxAge': 'Span since the time that the statement itself names, such as 30d.',
  'age.max': 'Span since the image was made, such as 90d.',
  'base.allowed': 'Anchored patterns of HOST/REPOSITORY of the base; any when absent.',
  'base.by': 'Authorities of whom one must have signed the base.',
  'base.wait': 'Span that a new base must have been known for.',
  'suppressions.id': 'CVE or other id of the flaw.',
  'suppressions.purl': 'Package that it is about, as a package URL; without a version for all.',
  'suppressions.path': 'Only where the package was found in this file.',
  'suppressions.kind': 'not_affected with a justification, or accepted.',
  'suppressions.justification': 'Why it does not affect, in the words of OpenVEX.',
  reason: 'Why, in a sentence.',
  author: 'Who answers for it.',
  'suppressions.expires': 'The last day that it holds, UTC.',
  'revocations.digest': 'Digest that is refused.',
};

type Schema = Record<string, unknown>;

/** Adds what the table says wherever a property has no description of its own. */
export function explained(schema: Schema, path: readonly string[] = []): Schema {
  const result: Schema = { ...schema };
  if (schema['items'] !== undefined) result['items'] = explained(schema['items'] as Schema, path);
  const properties = schema['properties'] as Record<string, Schema> | undefined;
  if (properties !== undefined)
    result['properties'] = Object.fromEntries(
      Object.entries(properties).map(([key, value]) => {
        const below = [...path, key];
        const text = texts[below.slice(-2).join('.')] ?? texts[key];
        const whole = explained(value, below);
        return [
          key,
          whole['description'] === undefined && text !== undefined ? { ...whole, description: text } : whole,
        ];
      }),
    );
  return result;
}
