import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  generateName,
  isCIdentifier,
  isConfigMapKey,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isEnvVarName,
  isLabelValue,
  isPortName,
  isQualifiedName,
  isRelaxedEnvVarName,
  isWildcardDns1123Subdomain,
  nameIsDnsSubdomain,
  nameIsPathSegment,
  safeEncode,
} from './names.ts';

describe('names', () => {
  it('accepts good names', () => {
    for (const complaints of [
      isDns1123Label('a-1'),
      isDns1123Subdomain('a.b-c.9'),
      isDns1035Label('web'),
      isQualifiedName('example.com/My.Name'),
      isLabelValue(''),
      isLabelValue('a_B.c'),
      isPortName('http-1'),
      isEnvVarName('A.b-C'),
      isRelaxedEnvVarName('1 a:b'),
      isConfigMapKey('.dockerconfigjson'),
    ])
      assert.deepEqual(complaints, []);
  });
  it('explains bad ones as upstream', () => {
    assert.deepEqual(isDns1123Subdomain('My_App'), [
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]);
    assert.deepEqual(isDns1123Label('a.b'), ['must not contain dots']);
    assert.deepEqual(isDns1123Label('a'.repeat(64)), ['must be no more than 63 characters']);
    assert.deepEqual(isDns1035Label('1a'), [
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ]);
    assert.deepEqual(isQualifiedName('/a'), ['prefix part must be non-empty']);
    assert.deepEqual(isQualifiedName('x/'), [
      'name part must be non-empty',
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ]);
    assert.deepEqual(isLabelValue('a'.repeat(64)), ['must be no more than 63 bytes']);
    assert.deepEqual(isPortName('UPPER--'), [
      'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'must contain at least one letter (a-z)',
      'must not contain consecutive hyphens',
      'must not begin or end with a hyphen',
    ]);
    assert.deepEqual(isRelaxedEnvVarName('a=b'), [
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
    ]);
    assert.ok(isConfigMapKey('..x').includes("must not start with '..'"));
  });
  it('lets a generateName end in a dash', () => {
    assert.deepEqual(nameIsDnsSubdomain('web-', true), []);
    assert.equal(nameIsDnsSubdomain('web-', false).length, 1);
  });
  it('knows wildcards, path segments and identifiers', () => {
    assert.deepEqual(isWildcardDns1123Subdomain('*.a.b'), []);
    assert.equal(isWildcardDns1123Subdomain('*.*.b').length, 1);
    assert.deepEqual(nameIsPathSegment('system:node:a', false), []);
    assert.deepEqual(nameIsPathSegment('..', false), ["may not be '..'"]);
    assert.deepEqual(nameIsPathSegment('a/b%', true), ["may not contain '/'", "may not contain '%'"]);
    assert.deepEqual(isCIdentifier('_a1'), []);
    assert.equal(isCIdentifier('1a').length, 1);
  });
  it('generates names from the vowel-free alphabet, cut to 63', () => {
    assert.equal(
      generateName('web-', () => 0),
      'web-bbbbb',
    );
    assert.equal(generateName('a'.repeat(80), () => 0.999).length, 63);
    assert.equal(safeEncode('0123456789'), '456789bcdf');
  });
});
