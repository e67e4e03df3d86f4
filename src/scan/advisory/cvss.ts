// The base score of a CVSS vector (FIRST: CVSS v2.0, v3.0, v3.1, v4.0), computed once, when a record comes in.
import cvss from 'ae-cvss-calculator';

/** What a vector looks like; the calculator tells the terminal of anything else. */
const shape =
  /^(?:CVSS:(?:3\.[01]|4\.0)\/)?[A-Z][A-Za-z]{0,3}:[A-Z][A-Za-z]{0,8}(?:\/[A-Z][A-Za-z]{0,3}:[A-Z][A-Za-z]{0,8}){5,40}$/;

/** 0 to 10 with one decimal; undefined for text that is no complete vector. */
export function baseScoreOf(vector: string): number | undefined {
  if (vector.length > 500 || !shape.test(vector)) return undefined;
  try {
    const parsed = cvss.fromVector(vector);
    if (!parsed?.isBaseFullyDefined()) return undefined;
    return (parsed.calculateScores() as { base?: number }).base;
  } catch {
    // The calculator's way of refusing a vector: the record keeps it, unscored.
    return undefined;
  }
}
