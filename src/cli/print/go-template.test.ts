import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GoTemplateError, parseGoTemplate } from './go-template.ts';

const value = {
  metadata: { name: 'web', labels: { b: '2', a: '1' } },
  spec: {
    replicas: 3,
    ratio: 0.5,
    paused: false,
    containers: [
      { name: 'c1', image: 'i1' },
      { name: 'c2', image: 'i2' },
    ],
    empty: [],
  },
  data: { secret: 'aGVsbG8=' },
  none: null,
};

const run = (template: string, allowMissing = true): string => parseGoTemplate(template, { allowMissing }).execute(value);

describe('Go templates', () => {
  for (const [template, expected] of [
    ['{{.metadata.name}} {{.spec.replicas}} {{.spec.ratio}} {{.spec.paused}}', 'web 3 0.5 false'],
    ['{{.metadata.nope}}|{{.none}}|{{.metadata.nope.deeper}}', '<no value>|<no value>|<no value>'],
    ['{{.metadata.labels}} {{.spec.empty}}', 'map[a:1 b:2] []'],
    ['{{range .spec.containers}}{{.name}}={{.image}}{{"\\n"}}{{end}}', 'c1=i1\nc2=i2\n'],
    ['{{range $i, $c := .spec.containers}}{{if $i}}, {{end}}{{$i}}:{{$c.name}}{{end}}', '0:c1, 1:c2'],
    ['{{range $k, $v := .metadata.labels}}{{$k}}={{$v}};{{end}}', 'a=1;b=2;'],
    ['{{range .spec.empty}}x{{else}}nothing{{end}}', 'nothing'],
    ['{{if eq .metadata.name "db" "web"}}yes{{else if .none}}no{{end}}', 'yes'],
    ['{{if and .spec.replicas (gt .spec.replicas 2) (not .spec.paused)}}big{{end}}', 'big'],
    ['{{with .metadata}}{{.name}}{{$.spec.replicas}}{{end}}', 'web3'],
    ['{{index .metadata.labels "a"}}{{(index .spec.containers 1).name}}{{len .spec.containers}}', '1c22'],
    ['{{.data.secret | base64decode}}', 'hello'],
    ['{{printf "%-5s|%5d|%q|%v|%05.1f" .metadata.name .spec.replicas "x" .spec.empty .spec.ratio}}', 'web  |    3|"x"|[]|000.5'],
    ['{{printf "%d %s" "a"}}', '%!d(string=a) %!s(MISSING)'],
    ['a  {{- /* comment */ -}}  b {{- " c " -}} d', 'ab c d'],
    ['{{$x := 1}}{{range .spec.containers}}{{$x = 2}}{{end}}{{$x}}', '2'],
    ['{{define "T"}}<{{.}}>{{end}}{{template "T" .metadata.name}}', '<web>'],
    ['{{range .spec.containers}}{{.name}}{{break}}{{end}}', 'c1'],
    ['{{or .none .metadata.nope "fallback"}}{{print 1 2 "a" "b"}}', 'fallback1 2a b'.replace('a b', 'ab')],
    ['{{ne .metadata.name "x"}} {{lt 1 2}} {{ge 2 2}} {{slice "hello" 1 3}} {{html "<a>"}}', 'true true true el &lt;a&gt;'],
    ['{{exists .metadata "name"}} {{exists .metadata "x"}}', 'true false'],
    ['{{`raw "text"`}}{{\'a\'}}', 'raw "text"97'],
  ] as const) {
    it(`executes ${template}`, () => assert.equal(run(template), expected));
  }

  it('explains a failure on standard output', () => {
    assert.throws(
      () => run('x{{.metadata.name.foo}}'),
      (error: unknown) =>
        error instanceof GoTemplateError &&
        error.message ===
          'error executing template "x{{.metadata.name.foo}}": template: output:1:12: executing "output" at <.metadata.name.foo>: can\'t evaluate field foo in type interface {}' &&
        error.output.startsWith('xError executing template: template: output:1:12:'),
    );
  });

  it('refuses missing keys when asked to', () => {
    assert.throws(() => run('{{.nope}}', false), /map has no entry for key "nope"/);
  });

  for (const [template, message] of [
    ['{{.a', 'template: output:1: unclosed action'],
    ['{{if .a}}', 'template: output:1: unexpected EOF'],
    ['{{end}}', 'template: output:1: unexpected {{end}}'],
    ['{{nope .a}}', 'template: output:1: function "nope" not defined'],
    ['{{$x}}', 'template: output:1: undefined variable "$x"'],
  ] as const) {
    it(`refuses ${template}`, () => assert.throws(() => run(template), { message: `error parsing template ${template}, ${message}\n` }));
  }
});
