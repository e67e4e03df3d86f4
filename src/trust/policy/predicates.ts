// The names of predicate types, as people write them and as statements carry them.

export const scanResultType = 'https://seaworthy.dev/scan-result/v1';
export const summaryType = 'https://slsa.dev/verification_summary/v1';
/** Field of a verification summary in which Seaworthy says what it rests on. */
export const summaryExtension = 'https://seaworthy.dev/verification-summary/v1';
export const provenanceTypes = [
  'https://slsa.dev/provenance/v1',
  'https://slsa.dev/provenance/v0.2',
] as const;

/** Short names, cosign's among them; each stands for every type URI that tools write for it. */
const shortNames: Readonly<Record<string, readonly string[]>> = {
  slsaprovenance: provenanceTypes,
  slsaprovenance1: [provenanceTypes[0]],
  slsaprovenance02: [provenanceTypes[1]],
  spdx: ['https://spdx.dev/Document', 'https://spdx.dev/Document/v2.3', 'https://spdx.dev/Document/v2.2'],
  cyclonedx: [
    'https://cyclonedx.org/bom',
    'https://cyclonedx.org/bom/v1.6',
    'https://cyclonedx.org/bom/v1.5',
  ],
  vuln: ['https://cosign.sigstore.dev/attestation/vuln/v1'],
  openvex: ['https://openvex.dev/ns', 'https://openvex.dev/ns/v0.2.0'],
  vsa: [summaryType],
  scan: [scanResultType],
};

export const attestationNames = Object.keys(shortNames);

/** Type URIs that a name stands for; undefined for text that is neither a known name nor a URI. */
export function predicateTypesOf(name: string): readonly string[] | undefined {
  if (Object.hasOwn(shortNames, name)) return shortNames[name];
  return /^https?:\/\/[^\s/*]+\/[^\s*]*$/.test(name) ? [name] : undefined;
}
