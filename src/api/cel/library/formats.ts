/** Named formats and searches with regular expressions. Source: apiserver pkg/cel/library/{format,regex}.go. */
import { isDns1035Label, isLabelValue, isQualifiedName, nameIsDnsLabel, nameIsDnsSubdomain } from '../../names.ts';
import { type CelFunction, dispatching, overload } from '../function.ts';
import { compileRegex, findAll as findAllMatches } from '../regex/regex.ts';
import { type CelType, structType } from '../types.ts';
import { ArrayList, CelError, none, noSuchOverload, OpaqueValue, OptionalValue, type Result, type Value } from '../value.ts';
import { uriProblem } from './network.ts';

export class FormatValue extends OpaqueValue {
  readonly type: CelType = structType('kubernetes.NamedFormat');
  readonly name: string;
  readonly complaints: (text: string) => readonly string[];
  /** How long the expression is that it is priced as. */
  readonly regexSize: number;

  constructor(name: string, regexSize: number, complaints: (text: string) => readonly string[]) {
    super();
    this.name = name;
    this.regexSize = regexSize;
    this.complaints = complaints;
  }

  equals(other: Value): boolean | CelError {
    return other instanceof FormatValue ? this.name === other.name : noSuchOverload;
  }
}

const unless =
  (pattern: RegExp, complaint: string) =>
  (text: string): readonly string[] =>
    pattern.test(text) ? [] : [complaint];

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [, year = '', month = '', day = ''] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/** Source: kube-openapi pkg/validation/strfmt/time.go (IsDateTime). */
function isDateTime(text: string): boolean {
  const [date = '', time = '', ...rest] = text.toLowerCase().split('t');
  if (rest.length > 0 || !isDate(date)) return false;
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/.exec(time);
  return match !== null && Number(match[1]) <= 23 && Number(match[2]) <= 59 && Number(match[3]) <= 59;
}

const prefixed = (text: string): string => text.replace(/-$/, 'a');
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;

const formats: { readonly [name: string]: FormatValue } = {
  dns1123Label: new FormatValue('DNS1123Label', 30, (text) => nameIsDnsLabel(text, false)),
  dns1123Subdomain: new FormatValue('DNS1123Subdomain', 60, (text) => nameIsDnsSubdomain(text, false)),
  dns1035Label: new FormatValue('DNS1035Label', 30, isDns1035Label),
  qualifiedName: new FormatValue('QualifiedName', 60, isQualifiedName),
  dns1123LabelPrefix: new FormatValue('DNS1123LabelPrefix', 30, (text) => nameIsDnsLabel(text, true)),
  dns1123SubdomainPrefix: new FormatValue('DNS1123SubdomainPrefix', 60, (text) => nameIsDnsSubdomain(text, true)),
  dns1035LabelPrefix: new FormatValue('DNS1035LabelPrefix', 30, (text) => isDns1035Label(prefixed(text))),
  labelValue: new FormatValue('LabelValue', 40, isLabelValue),
  uri: new FormatValue('URI', 1103, (text) => {
    const problem = uriProblem(text);
    return problem === undefined ? [] : [problem];
  }),
  uuid: new FormatValue(
    'uuid',
    85,
    unless(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, 'does not match the UUID format'),
  ),
  byte: new FormatValue('byte', 96, unless(base64, 'invalid base64')),
  date: new FormatValue('date', 78, (text) => (isDate(text) ? [] : ['invalid date'])),
  datetime: new FormatValue('datetime', 78, (text) => (isDateTime(text) ? [] : ['invalid datetime'])),
};

function validate(format: Value = null, text: Value = null): Result {
  if (!(format instanceof FormatValue) || typeof text !== 'string') return noSuchOverload;
  const complaints = format.complaints(text);
  return complaints.length === 0 ? none : new OptionalValue(new ArrayList(complaints));
}

function named(name: Value = null): Result {
  if (typeof name !== 'string') return noSuchOverload;
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
  return format === undefined ? none : new OptionalValue(format);
}

function find(text: Value = null, pattern: Value = null): Result {
  if (typeof text !== 'string' || typeof pattern !== 'string') return noSuchOverload;
  const regex = compileRegex(pattern);
  if ('problem' in regex) return new CelError(`Illegal regex: ${regex.problem}`);
  const found = regex.find(text);
  return found === undefined ? '' : text.slice(found.start, found.end);
}

function findAll(text: Value = null, pattern: Value = null, limit: Value = -1n): Result {
  if (typeof text !== 'string' || typeof pattern !== 'string' || typeof limit !== 'bigint') return noSuchOverload;
  const regex = compileRegex(pattern);
  if ('problem' in regex) return new CelError(`Illegal regex: ${regex.problem}`);
  return new ArrayList(findAllMatches(regex, text, Number(limit)));
}

export const regexFunctions = (): readonly CelFunction[] => [
  dispatching('find', find, [['string_find_string', 'string.(string) -> string']]),
  dispatching('findAll', findAll, [
    ['string_find_all_string', 'string.(string) -> list(string)'],
    ['string_find_all_string_int', 'string.(string, int) -> list(string)'],
  ]),
];

export const formatFunctions = (): readonly CelFunction[] => [
  dispatching('validate', validate, [['format-validate', 'Format.(string) -> optional(list(string))']]),
  dispatching('format.named', named, [['format-named', '(string) -> optional(Format)']]),
  ...Object.entries(formats).map(([name, format]) => ({
    name: `format.${name}`,
    overloads: [overload(`format.${name}`, '() -> Format', () => format)],
  })),
];
