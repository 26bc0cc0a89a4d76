import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { negotiate, type Offers } from './negotiation.ts';

const choose = (
  accept: string,
  offers: Offers = 'meta',
  more: { protobuf?: boolean; userAgent?: string; pretty?: string } = {},
): string => {
  const r = negotiate({ accept, offers, userAgent: more.userAgent ?? '', pretty: more.pretty, protobuf: () => more.protobuf ?? true });
  return [r.mediaType.replace('application/', ''), r.transform ?? '-', r.transformVersion || '-', r.pretty ? 'pretty' : '-'].join(' ');
};

const kubectl = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

describe('negotiate', () => {
  it('answers JSON when nothing is asked', () => assert.equal(choose(''), 'json - - -'));
  it('gives kubectl its Table', () => assert.equal(choose(kubectl), 'json Table v1 -'));
  it('falls back from Table where none is offered', () => assert.equal(choose(kubectl, 'none'), 'json - - -'));
  it('honours weights', () => assert.equal(choose('application/json;q=0.5,application/yaml'), 'yaml - - -'));
  it('takes protobuf first from client-go', () =>
    assert.equal(choose('application/vnd.kubernetes.protobuf,application/json'), 'vnd.kubernetes.protobuf - - -'));
  it('skips protobuf for custom resources', () =>
    assert.equal(choose('application/vnd.kubernetes.protobuf,application/json', 'meta', { protobuf: false }), 'json - - -'));
  it('gives PartialObjectMetadata in protobuf', () =>
    assert.equal(
      choose('application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'),
      'vnd.kubernetes.protobuf PartialObjectMetadataList v1 -',
    ));
  it('gives aggregated discovery', () =>
    assert.equal(
      choose(
        'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json',
        'discovery',
      ),
      'json APIGroupDiscoveryList v2 -',
    ));
  it('is pretty for people', () => assert.equal(choose('*/*', 'meta', { userAgent: 'curl/8.0' }), 'json - - pretty'));
  it('obeys pretty=false', () => assert.equal(choose('*/*', 'meta', { userAgent: 'curl/8.0', pretty: 'false' }), 'json - - -'));
  it('refuses what it cannot write', () => {
    assert.throws(() => choose('text/html'), {
      message: 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    });
  });
});
