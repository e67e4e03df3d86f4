// Who a commit is by and when, as git would say it.
import { GitFault } from '../fault.ts';
import type { Settings } from './settings.ts';

/** `A <a@example.com> 1767225600 +0000`. Throws GitFault `git-identity-missing`. */
export function personOf(
  who: 'AUTHOR' | 'COMMITTER',
  env: NodeJS.ProcessEnv,
  settings: Settings,
  now: Date,
): string {
  const part = (name: 'NAME' | 'EMAIL') =>
    withoutCrud(
      env[`GIT_${who}_${name}`] ??
        settings.get(`${who.toLowerCase()}.${name.toLowerCase()}`) ??
        settings.get(`user.${name.toLowerCase()}`) ??
        '',
    );
  const name = part('NAME');
  const email = part('EMAIL');
  if (name === '' || email === '')
    throw new GitFault('git-identity-missing', 'expected git to know the author of the commit, got none', {
      hint: `Set GIT_${who}_NAME and GIT_${who}_EMAIL, or user.name and user.email in the repository’s config.`,
    });
  return `${name} <${email}> ${dateOf(env[`GIT_${who}_DATE`], now)}`;
}

/** `@SECONDS +ZONE` with or without the sign; another date of the environment is not understood here. */
function dateOf(given: string | undefined, now: Date): string {
  if (given === undefined || given === '') return `${Math.floor(now.getTime() / 1000)} ${zoneOf(now)}`;
  const [, seconds, zone] = /^@?(\d{1,12}) ([+-]\d{4})$/.exec(given) ?? [];
  if (seconds === undefined)
    throw new GitFault('git-failed', `expected a date like @1767225600 +0000, got ${given.slice(0, 40)}`, {
      hint: 'Other spellings need git on the PATH.',
    });
  return `${seconds} ${zone}`;
}

function zoneOf(now: Date): string {
  const minutes = -now.getTimezoneOffset();
  const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}${two(minutes % 60)}`;
}

/** What git cuts off at both ends and out of the middle of names (ident.c). */
function withoutCrud(text: string): string {
  return text.replace(/^[\0-\x20.,:;<>"\\']+|[\0-\x20.,:;<>"\\']+$/g, '').replace(/[\n<>]/g, '');
}
