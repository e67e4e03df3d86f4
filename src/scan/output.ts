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
  return `${JSON.stringify({ format, look, ...result }, null, 2)}\n`;
}

export async function formatSbom(inspected: Inspected, format: SbomFormat, now: Date): Promise<string> {
  return `${JSON.stringify({ format, now, ...inspected }, null, 2)}\n`;
}
