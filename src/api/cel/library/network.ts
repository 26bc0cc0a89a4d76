/** URLs, IP addresses and networks. Source: apiserver pkg/cel/library/{urls,ip,cidr}.go. */
import { formatIp, type IpAddress, maskedBytes, parseIp } from '../../ip.ts';
import { type CelFunction, dispatching, overload } from '../function.ts';
import { checkRequestUri, escapedPath, type GoUrl, hostname, parseUrl, port, queryValues, UrlError, urlText } from '../go-url.ts';
import { type CelType, opaqueType, structType } from '../types.ts';
import { ArrayList, CelError, EntryMap, noSuchOverload, OpaqueValue, type Result, type Value } from '../value.ts';

export class UrlValue extends OpaqueValue {
  readonly type: CelType = structType('kubernetes.URL');
  readonly url: GoUrl;

  constructor(url: GoUrl) {
    super();
    this.url = url;
  }

  equals(other: Value): boolean | CelError {
    return other instanceof UrlValue ? urlText(this.url) === urlText(other.url) : noSuchOverload;
  }
}

export class IpValue extends OpaqueValue {
  readonly type: CelType = opaqueType('net.IP');
  readonly address: IpAddress;

  constructor(address: IpAddress) {
    super();
    this.address = address;
  }

  equals(other: Value): boolean | CelError {
    return other instanceof IpValue ? formatIp(this.address) === formatIp(other.address) : noSuchOverload;
  }

  override costSize(): number {
    return this.address.bytes.length;
  }
}

export class CidrValue extends OpaqueValue {
  readonly type: CelType = opaqueType('net.CIDR');
  readonly address: IpAddress;
  readonly bits: number;

  constructor(address: IpAddress, bits: number) {
    super();
    this.address = address;
    this.bits = bits;
  }

  equals(other: Value): boolean | CelError {
    if (!(other instanceof CidrValue)) return noSuchOverload;
    return this.bits === other.bits && formatIp(this.address) === formatIp(other.address);
  }

  override costSize(): number {
    return Math.ceil(this.bits / 8);
  }
}

const quoted = (text: string): string => JSON.stringify(text);

/** An address as Go's netip reads it: no leading zeros. */
function strictIp(text: string): IpAddress | undefined {
  const address = parseIp(text);
  return address === undefined || address.leadingZeros ? undefined : address;
}

/** What Go's netip says of a text that is no address. */
function ipProblem(text: string): string {
  const failed = `ParseAddr(${quoted(text)}): `;
  if (!/[.:]/.test(text)) return `${failed}unable to parse IP`;
  if (text.includes(':')) return failed + ip6Problem(text);
  const parts = text.split('.');
  if (parts.some((part) => part === '')) return `${failed}IPv4 field must have at least one digit`;
  if (parts.some((part) => !/^\d*$/.test(part))) return `${failed}unexpected character (at ${quoted(text.slice(text.search(/[^\d.]/)))})`;
  if (parts.some((part) => part.length > 1 && part.startsWith('0'))) return `${failed}IPv4 field has octet with leading zero`;
  if (parts.some((part) => Number(part) > 255)) return `${failed}IPv4 field has value >255`;
  return parts.length > 4 ? `${failed}IPv4 address too long` : `${failed}IPv4 address too short`;
}

function ip6Problem(text: string): string {
  const bad = text.search(/[^0-9a-fA-F:.]/);
  if (bad >= 0) {
    return /[0-9a-fA-F]/.test(text[bad - 1] ?? '')
      ? `unexpected character, want colon (at ${quoted(text.slice(bad))})`
      : `each colon-separated field must have at least one digit (at ${quoted(text.slice(bad))})`;
  }
  const long = text.split(':').find((part) => part.length > 4 && !part.includes('.'));
  if (long !== undefined) return `each group must have 4 or less digits (at ${quoted(text.slice(text.indexOf(long)))})`;
  return text.split(':').length > 8 ? 'trailing garbage after address' : 'address string too short';
}

function parseAddress(text: string): IpAddress | string {
  const [plain = '', zone] = text.split('%');
  const address = strictIp(zone === undefined ? text : plain);
  if (address === undefined || (zone !== undefined && !plain.includes(':'))) {
    return `IP Address ${quoted(text)} parse error during conversion from string: ${ipProblem(text)}`;
  }
  if (zone === '')
    return `IP Address ${quoted(text)} parse error during conversion from string: ParseAddr(${quoted(text)}): zone must be a non-empty string`;
  if (zone !== undefined) return `IP address ${quoted(text)} with zone value is not allowed`;
  return address.mapped ? `IPv4-mapped IPv6 address ${quoted(text)} is not allowed` : address;
}

const toIp = (text: Value = null): Result => {
  if (typeof text !== 'string') return noSuchOverload;
  const address = parseAddress(text);
  return typeof address === 'string' ? new CelError(address) : new IpValue(address);
};

const prefixProblem = (text: string, problem: string): string =>
  `network address parse error during conversion from string: netip.ParsePrefix(${quoted(text)}): ${problem}`;

function parseCidr(text: string): CidrValue | string {
  const slash = text.lastIndexOf('/');
  if (slash < 0) return prefixProblem(text, "no '/'");
  const [ipText, bitsText] = [text.slice(0, slash), text.slice(slash + 1)];
  const address = strictIp(ipText);
  if (address === undefined) return prefixProblem(text, ipProblem(ipText));
  if (!/^(?:0|[1-9]\d*)$/.test(bitsText)) return prefixProblem(text, `bad bits after slash: ${quoted(bitsText)}`);
  const width = address.mapped ? 128 : address.bytes.length * 8;
  if (Number(bitsText) > width) return prefixProblem(text, 'prefix length out of range');
  if (address.mapped) return `IPv4-mapped IPv6 address ${quoted(text)} is not allowed`;
  return new CidrValue(address, Number(bitsText));
}

const toCidr = (text: Value = null): Result => {
  if (typeof text !== 'string') return noSuchOverload;
  const cidr = parseCidr(text);
  return typeof cidr === 'string' ? new CelError(`network address parse error during conversion from string: ${cidr}`) : cidr;
};

const sameNetwork = (a: IpAddress, b: IpAddress, bits: number): boolean => {
  const [x, y] = [maskedBytes(a.bytes, bits), maskedBytes(b.bytes, bits)];
  return a.family === b.family && x.every((byte, at) => byte === y[at]);
};

const onUrl =
  (run: (url: GoUrl) => Result) =>
  (url: Value = null): Result =>
    url instanceof UrlValue ? run(url.url) : noSuchOverload;

const onIp =
  (run: (address: IpAddress) => Result) =>
  (ip: Value = null): Result =>
    ip instanceof IpValue ? run(ip.address) : noSuchOverload;

const onCidr =
  (run: (cidr: CidrValue, other: Value) => Result) =>
  (cidr: Value = null, other: Value = null): Result =>
    cidr instanceof CidrValue ? run(cidr, other) : noSuchOverload;

function toUrl(text: Value = null): Result {
  if (typeof text !== 'string') return noSuchOverload;
  try {
    checkRequestUri(text);
    return new UrlValue(parseUrl(text));
  } catch (error) {
    if (error instanceof UrlError) return new CelError(`URL parse error during conversion from string: ${error.message}`);
    throw error;
  }
}

/** What Go says of a text that is no URL; undefined when it is one. */
export function uriProblem(text: string): string | undefined {
  try {
    checkRequestUri(text);
    return undefined;
  } catch (error) {
    if (error instanceof UrlError) return error.message;
    throw error;
  }
}

const isText =
  (test: (text: string) => boolean) =>
  (text: Value = null): Result =>
    typeof text === 'string' ? test(text) : noSuchOverload;

function canonical(text: Value = null): Result {
  if (typeof text !== 'string') return noSuchOverload;
  const address = parseAddress(text);
  return typeof address === 'string' ? new CelError(address) : formatIp(address) === text;
}

const query = (url: GoUrl): Result =>
  new EntryMap(
    new Map([...queryValues(url)].map(([key, values]): [string, readonly [Value, Value]] => [`s${key}`, [key, new ArrayList(values)]])),
  );

function containsIp(cidr: CidrValue, other: Value): Result {
  const ip = typeof other === 'string' ? toIp(other) : other;
  if (ip instanceof CelError) return ip;
  return ip instanceof IpValue ? sameNetwork(cidr.address, ip.address, cidr.bits) : noSuchOverload;
}

function containsCidr(cidr: CidrValue, other: Value): Result {
  const inner = typeof other === 'string' ? toCidr(other) : other;
  if (inner instanceof CelError) return inner;
  if (!(inner instanceof CidrValue)) return noSuchOverload;
  return cidr.bits <= inner.bits && sameNetwork(cidr.address, inner.address, cidr.bits);
}

const isZeroExcept = (bytes: readonly number[], last: number): boolean =>
  bytes.every((byte, at) => byte === (at === bytes.length - 1 ? last : 0));

function isGlobalUnicast({ bytes, family }: IpAddress): boolean {
  const isMulticast = family === 4 ? ((bytes[0] ?? 0) & 0xf0) === 0xe0 : bytes[0] === 0xff;
  const isBroadcast = family === 4 && bytes.every((byte) => byte === 255);
  return !isMulticast && !isBroadcast && !isZeroExcept(bytes, 0) && !isLoopback({ bytes, family }) && !isLinkLocal({ bytes, family });
}

const isLoopback = ({ bytes, family }: Pick<IpAddress, 'bytes' | 'family'>): boolean =>
  family === 4 ? bytes[0] === 127 : isZeroExcept(bytes, 1);

const isLinkLocal = ({ bytes, family }: Pick<IpAddress, 'bytes' | 'family'>): boolean =>
  family === 4 ? bytes[0] === 169 && bytes[1] === 254 : bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;

const isLinkLocalMulticast = ({ bytes, family }: IpAddress): boolean =>
  family === 4 ? bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0 : bytes[0] === 0xff && ((bytes[1] ?? 0) & 0x0f) === 2;

const urlFunctions = (): readonly CelFunction[] => [
  dispatching('url', toUrl, [['string_to_url', '(string) -> URL']]),
  dispatching(
    'getScheme',
    onUrl(({ scheme }) => scheme),
    [['url_get_scheme', 'URL.() -> string']],
  ),
  dispatching(
    'getHost',
    onUrl(({ host }) => host),
    [['url_get_host', 'URL.() -> string']],
  ),
  dispatching('getHostname', onUrl(hostname), [['url_get_hostname', 'URL.() -> string']]),
  dispatching('getPort', onUrl(port), [['url_get_port', 'URL.() -> string']]),
  dispatching('getEscapedPath', onUrl(escapedPath), [['url_get_escaped_path', 'URL.() -> string']]),
  dispatching('getQuery', onUrl(query), [['url_get_query', 'URL.() -> map(string, list(string))']]),
  dispatching(
    'isURL',
    isText((text) => uriProblem(text) === undefined),
    [['is_url_string', '(string) -> bool']],
  ),
];

const ipTest = (name: string, id: string, test: (address: IpAddress) => boolean): CelFunction =>
  dispatching(name, onIp(test), [[id, 'IP.() -> bool']]);

export const networkFunctions = (): readonly CelFunction[] => [
  ...urlFunctions(),
  {
    name: 'ip',
    overloads: [
      overload('string_to_ip', '(string) -> IP', toIp),
      overload(
        'cidr_ip',
        'CIDR.() -> IP',
        onCidr(({ address }) => new IpValue(address)),
      ),
    ],
  },
  dispatching(
    'family',
    onIp(({ family }) => BigInt(family)),
    [['ip_family', 'IP.() -> int']],
  ),
  dispatching('ip.isCanonical', canonical, [['ip_is_canonical', '(string) -> bool']]),
  ipTest('isUnspecified', 'ip_is_unspecified', ({ bytes }) => isZeroExcept(bytes, 0)),
  ipTest('isLoopback', 'ip_is_loopback', isLoopback),
  ipTest('isLinkLocalMulticast', 'ip_is_link_local_multicast', isLinkLocalMulticast),
  ipTest('isLinkLocalUnicast', 'ip_is_link_local_unicast', isLinkLocal),
  ipTest('isGlobalUnicast', 'ip_is_global_unicast', isGlobalUnicast),
  dispatching(
    'isIP',
    isText((text) => typeof parseAddress(text) !== 'string'),
    [['is_ip', '(string) -> bool']],
  ),
  {
    name: 'string',
    overloads: [
      overload('ip_to_string', '(IP) -> string', onIp(formatIp)),
      overload(
        'cidr_to_string',
        '(CIDR) -> string',
        onCidr(({ address, bits }) => `${formatIp(address)}/${bits}`),
      ),
    ],
  },
  dispatching('cidr', toCidr, [['string_to_cidr', '(string) -> CIDR']]),
  dispatching('containsIP', onCidr(containsIp), [
    ['cidr_contains_ip_string', 'CIDR.(string) -> bool'],
    ['cidr_contains_ip_ip', 'CIDR.(IP) -> bool'],
  ]),
  dispatching('containsCIDR', onCidr(containsCidr), [
    ['cidr_contains_cidr_string', 'CIDR.(string) -> bool'],
    ['cidr_contains_cidr', 'CIDR.(CIDR) -> bool'],
  ]),
  dispatching(
    'prefixLength',
    onCidr(({ bits }) => BigInt(bits)),
    [['cidr_prefix_length', 'CIDR.() -> int']],
  ),
  dispatching(
    'masked',
    onCidr(({ address, bits }) => new CidrValue({ ...address, bytes: maskedBytes(address.bytes, bits) }, bits)),
    [['cidr_masked', 'CIDR.() -> CIDR']],
  ),
  dispatching(
    'isCIDR',
    isText((text) => typeof parseCidr(text) !== 'string'),
    [['is_cidr', '(string) -> bool']],
  ),
];
