// A result or an inventory in the format somebody asked for; each format is loaded when it is.
import type { ScanResult } from './match/index.ts';
import type { Inspected } from './scan.ts';

export const reportFormats = ['table', 'json', 'sarif', 'cyclonedx', 'spdx'] as const;
export type ReportFormat = (typeof reportFormats)[number];

export const sbomFormats = ['cyclonedx', 'spdx', 'json'] as const;
export type SbomFormat = (typeof sbomFormats)[number];

export interface ReportLook {
  /** Width of the terminal. */
  columns: number;
  colour: boolean;
  onlyFixable: boolean;
}

export async function formatReport(
  result: ScanResult,
  format: ReportFormat,
  look: ReportLook,
): Promise<string> {
  const report = await import('./report/index.ts');
  const shown = look.onlyFixable ? report.onlyFixable(result) : result;
  if (format === 'table') return report.formatTable(shown, look);
  if (format === 'json') return report.formatJson(shown);
  if (format === 'sarif') return report.formatSarif(shown);
  return format === 'cyclonedx' ? report.formatCycloneDx(shown) : report.formatSpdx(shown);
}

export async function formatSbom(
  { target, inventory }: Inspected,
  format: SbomFormat,
  now: Date,
): Promise<string> {
  const { cycloneDx, spdx } = await import('./sbom/index.ts');
  const subject = {
    reference: target.reference,
    ...(target.digest ? { digest: target.digest } : {}),
    inventory,
  };
  const document =
    format === 'cyclonedx'
      ? cycloneDx(subject, now)
      : format === 'spdx'
        ? spdx(subject, now)
        : { schemaVersion: 1, target, ...inventory };
  return `${JSON.stringify(document, null, 2)}\n`;
}
