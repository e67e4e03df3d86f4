import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isExcluded, proxyFor } from './proxy.ts';

const at = (text: string): URL => new URL(text);

describe('the proxy of a URL', () => {
  test('is its scheme’s, lower case before upper, else all_proxy', () => {
    const env = {
      https_proxy: 'http://lower:1',
      HTTPS_PROXY: 'http://upper:2',
      HTTP_PROXY: 'http://plain:3',
      ALL_PROXY: 'http://all:4',
    };
    assert.equal(proxyFor(at('https://a.test'), env)?.url.href, 'http://lower:1/');
    assert.equal(proxyFor(at('http://a.test'), env)?.url.href, 'http://plain:3/');
    assert.equal(proxyFor(at('http://a.test'), { ALL_PROXY: 'http://all:4' })?.url.href, 'http://all:4/');
    assert.equal(proxyFor(at('http://a.test'), {}), undefined);
    assert.equal(proxyFor(at('http://a.test'), { http_proxy: '' }), undefined);
  });

  test('keeps its user and password out of its URL', () => {
    const proxy = proxyFor(at('https://a.test'), { HTTPS_PROXY: 'http://us%40er:p%3Aw@proxy:8080' });
    assert.deepEqual(
      [proxy?.url.href, proxy?.authorization],
      ['http://proxy:8080/', `Basic ${btoa('us@er:p:w')}`],
    );
  });

  test('of a kind that is not supported is refused', () => {
    assert.throws(() => proxyFor(at('https://a.test'), { HTTPS_PROXY: 'socks5://proxy:1' }), {
      code: 'proxy-invalid',
    });
  });
});

describe('no_proxy', () => {
  const cases: [string, string, boolean][] = [
    ['https://a.example.com', 'example.com', true],
    ['https://example.com', '.example.com', true],
    ['https://notexample.com', 'example.com', false],
    ['https://example.com.evil.test', 'example.com', false],
    ['https://a.example.com', 'b.test, example.com', true],
    ['https://anything.test', '*', true],
    ['https://a.example.com:8443', 'example.com:8443', true],
    ['https://a.example.com', 'example.com:8443', false],
    ['https://a.example.com', 'example.com:443', true],
    ['http://10.1.2.3', '10.0.0.0/8', true],
    ['http://11.1.2.3', '10.0.0.0/8', false],
    ['http://10.1.2.3', '2.3', false],
    ['http://[::1]:5000', '::1', true],
    ['http://[::1]:5000', '[::1]:5000', true],
    ['http://[fd00::5]', 'fd00::/8', true],
    ['https://A.EXAMPLE.com', 'Example.COM', true],
    ['https://a.test', '', false],
    ['https://a.test', '/8,10.0.0.0/99,:1', false],
  ];
  for (const [url, list, expected] of cases)
    test(`${JSON.stringify(list)} ${expected ? 'covers' : 'does not cover'} ${url}`, () => {
      assert.equal(isExcluded(at(url), list), expected);
    });
});
