// SPDX JSON in (2.2, 2.3), of any producer.
import { parseJson } from '../../core/index.ts';
import type { OsRelease } from '../package/index.ts';
import { asFacts, type Fields, fieldsOf, type Listed, listOf, ownFacts, textOf } from './read.ts';

export function listSpdx(document: Fields): Listed {
  const notes = listOf(document['annotations'], 'annotations').map(
    (entry) => textOf(fieldsOf(entry, 'an annotation')['comment']) ?? '',
  );
  const packages = listOf(document['packages'], 'packages').map((entry) => fieldsOf(entry, 'a package'));
  const described = describedBy(document);
  const subject = packages.find((item) => described.has(textOf(item['SPDXID']) ?? ''));
  const digest = subject && textOf(subject['versionInfo']);
  const listed: Listed = {
    reference: textOf(document['name']) ?? 'sbom',
    ...(digest?.startsWith('sha256:') ? { digest } : {}),
    facts: notes.flatMap(factsOf),
    components: [],
  };
  for (const item of packages) {
    const purpose = textOf(item['primaryPackagePurpose']);
    if (purpose === 'OPERATING-SYSTEM') {
      const os = osOf(item);
      if (os && !listed.os) listed.os = os;
    } else if (item !== subject && purpose !== 'CONTAINER')
      listed.components.push({
        name: textOf(item['name']) ?? 'a package without a name',
        purl: purlOf(item),
        facts: asFacts(factsOf(textOf(item['comment']) ?? '')),
        told: locationOf(item),
      });
  }
  return listed;
}

/** Lines that Seaworthy writes: `seaworthy:name "value"`. */
function factsOf(note: string): [string, string][] {
  const pairs = note.split('\n').flatMap((line): [string, string][] => {
    const found = /^(seaworthy:\w+) (".*")$/.exec(line);
    if (found === null) return [];
    const value = parseJson(found[2]!);
    return typeof value === 'string' ? [[found[1]!, value]] : [];
  });
  return ownFacts(pairs);
}

function describedBy(document: Fields): Set<string> {
  const ids = listOf(document['documentDescribes'], 'documentDescribes').filter(
    (id) => typeof id === 'string',
  );
  for (const entry of listOf(document['relationships'], 'relationships')) {
    const { spdxElementId, relationshipType, relatedSpdxElement } = fieldsOf(entry, 'a relationship');
    if (
      spdxElementId === 'SPDXRef-DOCUMENT' &&
      relationshipType === 'DESCRIBES' &&
      typeof relatedSpdxElement === 'string'
    )
      ids.push(relatedSpdxElement);
  }
  return new Set(ids);
}

function purlOf(item: Fields): string | undefined {
  for (const entry of listOf(item['externalRefs'], 'externalRefs')) {
    const { referenceType, referenceLocator } = fieldsOf(entry, 'an external reference');
    if (referenceType === 'purl') return textOf(referenceLocator);
  }
  return undefined;
}

function osOf(item: Fields): OsRelease | undefined {
  const id = textOf(item['name']);
  const versionId = textOf(item['versionInfo']);
  const prettyName = textOf(item['summary']);
  if (id === undefined) return undefined;
  return { id, idLike: [], ...(versionId ? { versionId } : {}), ...(prettyName ? { prettyName } : {}) };
}

/** syft's `acquired package info from DPKG DB: /var/lib/dpkg/status`. */
function locationOf(item: Fields): { location?: string } {
  const path = /:\s*\/(\S[^,]*)/.exec(textOf(item['sourceInfo']) ?? '')?.[1];
  return path ? { location: path } : {};
}
