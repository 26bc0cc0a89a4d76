import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldPath } from './field-error.ts';
import { formatIp, ipErrors, isIp, legacyCidrErrors, legacyIpErrors, nonSpecialIpErrors, parseIp } from './ip.ts';

const at = FieldPath.root.field('ip');
const messages = (errors: ReadonlyArray<{ readonly message: string }>): readonly string[] => errors.map(({ message }) => message);
const canonical = (text: string): string | undefined => {
  const ip = parseIp(text);
  return ip === undefined ? undefined : formatIp(ip);
};

describe('parseIp', () => {
  const forms: ReadonlyArray<readonly [string, string | undefined]> = [
    ['10.0.0.1', '10.0.0.1'],
    ['010.0.0.1', '10.0.0.1'],
    ['256.0.0.1', undefined],
    ['1.2.3', undefined],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80:0:0:0:0:0:0:abc', 'fe80::abc'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['1::2::3', undefined],
    ['1:2:3:4:5:6:7', undefined],
    ['12345::', undefined],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['', undefined],
    ['host', undefined],
  ];
  for (const [text, want] of forms) it(`${JSON.stringify(text)} → ${want}`, () => assert.equal(canonical(text), want));
});

describe('address checks', () => {
  it('accept canonical addresses', () => {
    assert.deepEqual(ipErrors('10.0.0.1', at), []);
    assert.deepEqual(ipErrors('fe80::1', at), []);
    assert.equal(isIp('a.b'), false);
  });
  it('say what is not canonical', () => {
    assert.deepEqual(messages(ipErrors('010.0.0.1', at)), ['Invalid value: "010.0.0.1": must not have leading 0s']);
    assert.deepEqual(messages(ipErrors('::ffff:1.2.3.4', at)), [
      'Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address',
    ]);
    assert.deepEqual(messages(ipErrors('FE80::1', at)), ['Invalid value: "FE80::1": must be in canonical form ("fe80::1")']);
    assert.deepEqual(legacyIpErrors('010.0.0.1', at), []);
  });
  it('refuse special addresses as endpoints', () => {
    const first = (text: string) => messages(nonSpecialIpErrors(text, at))[0] ?? '';
    assert.match(first('127.0.0.1'), /may not be in the loopback range/);
    assert.match(first('::1'), /loopback/);
    assert.match(first('0.0.0.0'), /may not be unspecified \(0\.0\.0\.0\)/);
    assert.match(first('169.254.1.1'), /link-local range/);
    assert.match(first('224.0.0.5'), /link-local multicast/);
    assert.equal(first('10.1.1.1'), '');
  });
  it('judge networks', () => {
    assert.deepEqual(legacyCidrErrors('10.0.0.0/8', at), []);
    assert.equal(legacyCidrErrors('10.0.0.0/33', at).length, 1);
    assert.equal(legacyCidrErrors('10.0.0.0', at).length, 1);
    assert.deepEqual(legacyCidrErrors('2001:db8::/64', at), []);
  });
});
