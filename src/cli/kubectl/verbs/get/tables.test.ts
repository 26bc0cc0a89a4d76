import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TableWriter } from './tables.ts';

const resource = {
  ...{ group: 'example.com', version: 'v1', kind: 'Widget', plural: 'widgets', singular: 'widget' },
  ...{ shortNames: [], categories: [], namespaced: true, verbs: [], subresources: [] },
};
const style = { wide: false, namespaces: false, labelColumns: [], showLabels: false, showKind: false, headers: true };
const columnDefinitions = [{ name: 'Name', priority: 0, format: 'name' }];

describe('the tables of a watch', () => {
  for (const none of [undefined, null, []]) {
    it(`go on with the columns of the first when later ones have ${JSON.stringify(none) ?? 'no list'} of them`, () => {
      const tables = new TableWriter(resource, style);
      const first = tables.text({ columnDefinitions, rows: [{ cells: ['a'] }] }, 'ADDED');
      const later = { rows: [{ cells: ['b'] }], ...(none === undefined ? {} : { columnDefinitions: none }) };
      assert.equal(first + tables.text(later, 'MODIFIED'), 'EVENT      NAME\nADDED      a\nMODIFIED   b\n');
    });
  }

  it('say nothing of events without objects', () => {
    assert.equal(new TableWriter(resource, style).text({ columnDefinitions: null, rows: null }), '');
  });
});
