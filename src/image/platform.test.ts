import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  bestPlatform,
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
} from './platform.ts';

const host = { os: 'linux', architecture: 'amd64' };

describe('a platform', () => {
  const spellings: [string, string][] = [
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/arm64/v9.0', 'linux/arm64/v9'],
    ['linux/x86_64', 'linux/amd64'],
    ['Linux/AMD64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/i386', 'linux/386'],
    ['macos/arm64', 'darwin/arm64'],
    ['windows', 'windows/amd64'],
    ['arm64', 'linux/arm64'],
    ['s390x', 'linux/s390x'],
  ];
  for (const [text, expected] of spellings)
    test(`${text} is ${expected}`, () => {
      assert.equal(formatPlatform(parsePlatform(text, host)), expected);
    });

  for (const text of ['', '/', 'linux/', 'a/b/c/d', 'linux/amd64/v1/x', 'linux amd64', 'linux/$(x)'])
    test(`${JSON.stringify(text)} is none`, () => {
      assert.throws(() => parsePlatform(text), { code: 'platform-invalid' });
    });

  test('of the host is always Linux', () => {
    assert.equal(formatPlatform(hostPlatform('x64')), 'linux/amd64');
    assert.equal(formatPlatform(hostPlatform('arm')), 'linux/arm/v7');
  });
});

describe('the best of an index', () => {
  const choose = (wanted: string, offered: string[]): string | undefined => {
    const items = offered.map((text) => ({ platform: parsePlatform(text, host) as Platform, text }));
    return bestPlatform(normalizePlatform(parsePlatform(wanted, host)), items)?.text;
  };

  test('is the same variant, else the newest that the processor runs', () => {
    assert.equal(choose('linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6', 'linux/arm/v8']), 'linux/arm/v6');
    assert.equal(choose('linux/arm/v7', ['linux/arm/v6', 'linux/arm/v7']), 'linux/arm/v7');
    assert.equal(choose('linux/amd64', ['linux/amd64/v3']), undefined);
    assert.equal(choose('linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2']), 'linux/amd64/v2');
    assert.equal(choose('linux/arm64', ['linux/amd64', 'linux/arm64/v8']), 'linux/arm64/v8');
  });

  test('is never another architecture or system', () => {
    assert.equal(choose('linux/arm64', ['linux/arm/v7', 'linux/amd64']), undefined);
    assert.equal(choose('linux/amd64', ['windows/amd64', 'linux/386']), undefined);
  });
});
