// What changes in a repository, as people read it: each file with its lines, and what is left to them.
import type { GitPlan } from './plan.ts';
import type { Repository } from './repository.ts';

const mostLines = 40;

export function formatGitPlan(plan: GitPlan, { name, base }: Pick<Repository, 'name' | 'base'>): string {
  const lines = [`git ${safe(name)}, branch ${base.branch} at ${base.commit.slice(0, 12)}:`];
  const changed = plan.files.flatMap(({ path, changes }) =>
    changes.map(({ line, where, before, after }) => [
      `  change     ${safe(path)}:${line} ${safe(where)}`,
      `             now   ${safe(before === '' ? '(nothing)' : before)}`,
      `             to be ${after}`,
    ]),
  );
  const byTag = plan.byTag.map(({ path, line, image }) => [
    `  leave      ${safe(path)}:${line} ${safe(image)}`,
    '             only a tag names it; give that tag beside the old digest to have it pinned',
  ]);
  const left = plan.left.map(({ path, line, why }) => [
    `  leave      ${safe(path)}${line === 0 ? '' : `:${line}`}`,
    `             ${safe(why)}`,
  ]);
  for (const rows of [changed, byTag, left]) {
    lines.push(...rows.slice(0, mostLines).flat());
    if (rows.length > mostLines) lines.push(`  and ${rows.length - mostLines} more`);
  }
  if (lines.length === 1) lines.push('  nothing names the old digest');
  return `${lines.join('\n')}\n`;
}

/** Paths and values are a stranger's: nothing that a terminal would obey. */
function safe(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\u2027\u2030-\ud7ff\ue000-\ufffd]/g, '?');
}
