import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAddresses, parseForward, translateServicePort } from './port-forward.ts';

const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }] }, status: {} };
const service = { metadata: { name: 's' }, spec: { ports: [{ name: 'web', port: 80, targetPort: 'http' }, { port: 81 }] } };

describe('port-forward', () => {
  it('reads port pairs', () => {
    assert.deepEqual(parseForward('5000'), { local: 5000, remote: 5000 });
    assert.deepEqual(parseForward('8888:5000'), { local: 8888, remote: 5000 });
    assert.deepEqual(parseForward(':5000'), { local: 0, remote: 5000 });
    assert.throws(() => parseForward('1:2:3'), { message: "invalid port format '1:2:3'" });
    assert.throws(() => parseForward('1:0'), { message: 'remote port must be > 0' });
    assert.throws(() => parseForward('70000'), {
      message: 'error parsing local port \'70000\': strconv.ParseUint: parsing "70000": value out of range',
    });
  });

  it('follows a service to its pod', () => {
    assert.equal(translateServicePort('9000:80', service, pod), '9000:8080');
    assert.equal(translateServicePort('web', service, pod), '80:8080');
    assert.equal(translateServicePort('81', service, pod), '81:81');
    assert.throws(() => translateServicePort('82', service, pod), { message: 'Service s does not have a service port 82' });
    assert.throws(() => translateServicePort('nope', service, pod), { message: "Service 's' does not have a named port 'nope'" });
  });

  it('listens on both loopbacks for localhost', () => {
    assert.deepEqual(
      parseAddresses(['localhost', '0.0.0.0']).map((a) => [a.host, a.optional]),
      [
        ['0.0.0.0', false],
        ['127.0.0.1', true],
        ['::1', true],
      ],
    );
    assert.throws(() => parseAddresses(['host.example']), { message: 'host.example is not a valid IP' });
  });
});
