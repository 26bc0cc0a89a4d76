import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeCertificate, newKey } from '../../../../server/pki/certificate.ts';
import { received } from '../../testing/objects.ts';
import { secret } from '../secret.ts';
import { keyPairWarnings } from './key-pair.ts';

function warningsFor(certificate: string, key: string, type = 'kubernetes.io/tls'): readonly string[] | undefined {
  const data = { 'tls.crt': Buffer.from(certificate).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') };
  return keyPairWarnings(received(secret, { type, data }));
}

describe('secrets', () => {
  const key = newKey();
  const request = {
    ...({ commonName: 'test', organizations: [], usage: 'server', dnsNames: [], ipAddresses: [] } as const),
    ...{ notBefore: new Date(0), notAfter: new Date(86_400_000) },
  };
  const certificate = makeCertificate(request, key, undefined);
  const cases: ReadonlyArray<readonly [string, string, string, ...string[]]> = [
    ['accept a pair', certificate, key],
    ['name a missing certificate', 'x', key, 'tls: failed to find any PEM data in certificate input'],
    ['name a missing key', certificate, '', 'tls: failed to find any PEM data in key input'],
    [
      'see that both were switched',
      key,
      certificate,
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    ],
    [
      'see a certificate in place of a key',
      certificate,
      certificate,
      'tls: found a certificate rather than a key in the PEM for the private key',
    ],
    ['see that a key belongs to another certificate', certificate, newKey(), 'tls: private key does not match public key'],
    [
      'see a key that cannot be read',
      certificate,
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
      'tls: failed to parse private key',
    ],
  ];
  for (const [name, crt, pem, ...expected] of cases) it(name, () => assert.deepEqual(warningsFor(crt, pem), expected));
  it('say nothing of other types', () => assert.deepEqual(warningsFor('x', 'y', 'Opaque'), []));
});
