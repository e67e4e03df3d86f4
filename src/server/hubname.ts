// Names and times as the API has them.
import { formatReference, parseReference, withDefaultTag } from '../image/index.ts';
import { ApiRefusal } from './api/index.ts';

export const iso = (ms: number): string => new Date(ms).toISOString();

/** `HOST/REPOSITORY:TAG`. Throws ApiRefusal. */
export function wholeName(text: string): string {
  try {
    const { digest: _, ...reference } = withDefaultTag(parseReference(text));
    return formatReference({ tag: 'latest', ...reference });
  } catch (error) {
    throw new ApiRefusal(400, 'parameter-invalid', (error as Error).message);
  }
}
