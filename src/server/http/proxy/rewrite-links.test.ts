import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rewriteHtml, rewriteUrl } from './rewrite-links.ts';

const frontage = { backendHost: '10.0.0.1:80', requestHost: 'localhost:8001', prefix: '/proxy/p' };
const rewrite = (url: string): string => rewriteUrl(url, frontage);

describe('rewriteUrl', () => {
  it('leads absolute paths of the same host through the proxy', () => {
    for (const [url, expected] of [
      ['/a', '/proxy/p/a'],
      ['/a/', '/proxy/p/a/'],
      ['/', '/proxy/p/'],
      ['/a/../b?x=/y#z', '/proxy/p/b?x=/y#z'],
      ['http://10.0.0.1:80/a', '/proxy/p/a'],
      ['//10.0.0.1:80/a', '/proxy/p/a'],
      ['http://localhost:8001/a', 'http://localhost:8001/proxy/p/a'],
      ['/proxy/p/a', '/proxy/p/a'],
    ] as const)
      assert.equal(rewrite(url), expected, url);
  });

  it('leaves other hosts and relative paths alone', () => {
    for (const url of ['http://other/a', '//other/a', 'a/b', '../a', '#top', '?x', '', 'mailto:a@b', 'http://10.0.0.1/a'])
      assert.equal(rewrite(url), url, url);
  });
});

describe('rewriteHtml', () => {
  it('changes the attributes that hold URLs, and nothing else', () => {
    for (const [page, expected] of [
      ['<a href="/x">/x</a>', '<a href="/proxy/p/x">/x</a>'],
      ["<A class=c HREF='/x?a=1&amp;b=2'>", "<A class=c HREF='/proxy/p/x?a=1&amp;b=2'>"],
      ['<img src=/x.png alt=/y/>', '<img src=/proxy/p/x.png alt=/y/>'],
      [
        '<form action = "/x"><input formaction="/y" value="/z"/>',
        '<form action = "/proxy/p/x"><input formaction="/proxy/p/y" value="/z"/>',
      ],
      ['<video poster="/a" src="/b">', '<video poster="/proxy/p/a" src="/proxy/p/b">'],
      [
        '<script src="/x">if (a<b) "<a href=\\"/y\\">"</script><a href="/z">',
        '<script src="/proxy/p/x">if (a<b) "<a href=\\"/y\\">"</script><a href="/proxy/p/z">',
      ],
    ] as const)
      assert.equal(rewriteHtml(page, rewrite), expected);
    for (const page of [
      '<!-- <a href="/x"> -->',
      '<p href="/x">',
      '<a data-href="/x">',
      'a < b <a href="',
      '<',
      '<a',
      '<a =>',
      '</a href="/x">',
      'gr\xc3\xbc\xdfe',
    ])
      assert.equal(rewriteHtml(page, rewrite), page);
  });

  it('takes work in proportion to the page', () => {
    let calls = 0;
    rewriteHtml('<a href="/x">'.repeat(10_000), (url) => {
      calls += 1;
      return url;
    });
    assert.equal(calls, 10_000);
  });
});
