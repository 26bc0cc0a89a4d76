/**
 * Rules for names and other short strings, with upstream's message texts. Every check returns the list of complaints,
 * none when good.
 * Source: apimachinery pkg/util/validation/validation.go, pkg/api/validate/content, pkg/api/validation/generic.go,
 * pkg/util/rand.
 */

export type Complaints = readonly string[];

const dns1123LabelFormat = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dns1123SubdomainFormat = `${dns1123LabelFormat}(\\.${dns1123LabelFormat})*`;
const dns1123LabelWithUnderscoreFormat = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const dns1123SubdomainWithUnderscoreFormat = `${dns1123LabelWithUnderscoreFormat}(\\.${dns1123LabelWithUnderscoreFormat})*`;
const dns1035LabelFormat = '[a-z]([-a-z0-9]*[a-z0-9])?';
const labelKeyFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValueFormat = `(${labelKeyFormat})?`;
const envVarNameFormat = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const configMapKeyFormat = '[-._a-zA-Z0-9]+';
const httpHeaderNameFormat = '[-A-Za-z0-9]+';
const percentFormat = '[0-9]+%';
const cIdentifierFormat = '[A-Za-z_][A-Za-z0-9_]*';

const whole = (format: string): RegExp => new RegExp(`^(?:${format})$`);
const dns1123LabelPattern = whole(dns1123LabelFormat);
const dns1123SubdomainPattern = whole(dns1123SubdomainFormat);
const dns1123SubdomainWithUnderscorePattern = whole(dns1123SubdomainWithUnderscoreFormat);
const dns1035LabelPattern = whole(dns1035LabelFormat);
const labelKeyPattern = whole(labelKeyFormat);
const labelValuePattern = whole(labelValueFormat);
const envVarNamePattern = whole(envVarNameFormat);
const configMapKeyPattern = whole(configMapKeyFormat);
const httpHeaderNamePattern = whole(httpHeaderNameFormat);
const percentPattern = whole(percentFormat);
const cIdentifierPattern = whole(cIdentifierFormat);
const wildcardSubdomainFormat = `\\*\\.${dns1123SubdomainFormat}`;
const wildcardSubdomainPattern = whole(wildcardSubdomainFormat);

const encoder = new TextEncoder();
/**
 * True when a text takes more than `maxBytes` in UTF-8. A UTF-16 unit takes at most three bytes, so short texts need no
 * encoding.
 */
const exceeds = (text: string, maxBytes: number): boolean => text.length * 3 > maxBytes && encoder.encode(text).length > maxBytes;

/** The complaint about a value that its pattern refuses, with examples. */
export function regexComplaint(message: string, format: string, ...examples: readonly string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${format}')`;
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${format}')`;
}

const tooManyCharacters = (max: number): string => `must be no more than ${max} characters`;
const tooManyBytes = (max: number): string => `must be no more than ${max} bytes`;

/** `must be between 1 and 65535, inclusive`. */
export const rangeComplaint = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`;

/** A lower-case RFC 1123 label of at most 63 bytes: namespaces, containers, volumes. */
export function isDns1123Label(value: string): Complaints {
  const complaints: string[] = [];
  if (exceeds(value, 63)) complaints.push(tooManyCharacters(63));
  if (!dns1123LabelPattern.test(value)) {
    complaints.push(
      dns1123SubdomainPattern.test(value)
        ? 'must not contain dots'
        : regexComplaint(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            dns1123LabelFormat,
            'my-name',
            '123-abc',
          ),
    );
  }
  return complaints;
}

/** A lower-case RFC 1123 sub-domain of at most 253 bytes: the name of most objects. */
export function isDns1123Subdomain(value: string): Complaints {
  const complaints: string[] = [];
  if (exceeds(value, 253)) complaints.push(tooManyCharacters(253));
  if (!dns1123SubdomainPattern.test(value)) {
    complaints.push(
      regexComplaint(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        dns1123SubdomainFormat,
        'example.com',
      ),
    );
  }
  return complaints;
}

/** As `isDns1123Subdomain`, allowing underscores: DNS search domains. */
export function isDns1123SubdomainWithUnderscore(value: string): Complaints {
  const complaints: string[] = [];
  if (exceeds(value, 253)) complaints.push(tooManyCharacters(253));
  if (!dns1123SubdomainWithUnderscorePattern.test(value)) {
    complaints.push(
      regexComplaint(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
        dns1123SubdomainWithUnderscoreFormat,
        'example.com',
      ),
    );
  }
  return complaints;
}

/** `*.` followed by an RFC 1123 sub-domain: ingress hosts. */
export function isWildcardDns1123Subdomain(value: string): Complaints {
  const complaints: string[] = [];
  if (exceeds(value, 253)) complaints.push(tooManyCharacters(253));
  if (!wildcardSubdomainPattern.test(value)) {
    complaints.push(
      regexComplaint(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        wildcardSubdomainFormat,
        '*.example.com',
      ),
    );
  }
  return complaints;
}

/** An RFC 1035 label of at most 63 bytes: Services. */
export function isDns1035Label(value: string): Complaints {
  const complaints: string[] = [];
  if (exceeds(value, 63)) complaints.push(tooManyCharacters(63));
  if (!dns1035LabelPattern.test(value)) {
    complaints.push(
      regexComplaint(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        dns1035LabelFormat,
        'my-name',
        'abc-123',
      ),
    );
  }
  return complaints;
}

const labelKeyMessage = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelKeyExamples = ['MyName', 'my.name', '123-abc'] as const;

const contentSubdomain = (value: string): Complaints =>
  isDns1123Subdomain(value).map((text) => (text === tooManyCharacters(253) ? tooManyBytes(253) : text));

/** A label key, also called a qualified name: an optional DNS prefix and a name of at most 63 bytes. */
export function isQualifiedName(value: string): Complaints {
  const parts = value.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${regexComplaint(labelKeyMessage, labelKeyFormat, ...labelKeyExamples)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const complaints: string[] = [];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix === '') complaints.push('prefix part must be non-empty');
  else if (prefix !== undefined) complaints.push(...contentSubdomain(prefix).map((text) => `prefix part ${text}`));
  if (name === '') complaints.push('name part must be non-empty');
  else if (exceeds(name, 63)) complaints.push(`name part ${tooManyBytes(63)}`);
  if (!labelKeyPattern.test(name)) complaints.push(`name part ${regexComplaint(labelKeyMessage, labelKeyFormat, ...labelKeyExamples)}`);
  return complaints;
}

/** A label value: empty, or at most 63 bytes that start and end with a letter or digit. */
export function isLabelValue(value: string): Complaints {
  const complaints: string[] = [];
  if (exceeds(value, 63)) complaints.push(tooManyBytes(63));
  if (!labelValuePattern.test(value)) {
    complaints.push(
      regexComplaint(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        labelValueFormat,
        'MyValue',
        'my_value',
        '12345',
      ),
    );
  }
  return complaints;
}

const parentFolderComplaints = (value: string): Complaints => {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
};

/** The strict rule for environment variable names; used for the names that `envFrom` makes. */
export function isEnvVarName(value: string): Complaints {
  const complaints: string[] = [];
  if (!envVarNamePattern.test(value)) {
    complaints.push(
      regexComplaint(
        "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
        envVarNameFormat,
        'my.env-name',
        'MY_ENV.NAME',
        'MyEnvName1',
      ),
    );
  }
  return [...complaints, ...parentFolderComplaints(value)];
}

/** The rule for environment variable names since 1.34: printable ASCII other than `=`. */
export function isRelaxedEnvVarName(value: string): Complaints {
  if (value === '') return ['environment variable name must be non-empty'];
  return /^[\x20-\x3c\x3e-\x7e]*$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or Secret. */
export function isConfigMapKey(value: string): Complaints {
  const complaints: string[] = [];
  if (exceeds(value, 253)) complaints.push(tooManyCharacters(253));
  if (!configMapKeyPattern.test(value)) {
    complaints.push(
      regexComplaint(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        configMapKeyFormat,
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    );
  }
  return [...complaints, ...parentFolderComplaints(value)];
}

/** The name of an HTTP header. */
export const isHttpHeaderName = (value: string): Complaints =>
  httpHeaderNamePattern.test(value)
    ? []
    : [regexComplaint("a valid HTTP header must consist of alphanumeric characters or '-'", httpHeaderNameFormat, 'X-Header-Name')];

/** A percentage such as `25%`. */
export const isPercent = (value: string): Complaints =>
  percentPattern.test(value)
    ? []
    : [regexComplaint("a valid percent string must be a numeric string followed by an ending '%'", percentFormat, '1%', '93%')];

/** A C identifier. */
export const isCIdentifier = (value: string): Complaints =>
  cIdentifierPattern.test(value)
    ? []
    : [
        regexComplaint(
          "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
          cIdentifierFormat,
          'my_name',
          'MY_NAME',
          'MyName',
        ),
      ];

/** A port number, 1 to 65535. */
export const isPortNumber = (port: number): Complaints => (port >= 1 && port <= 65535 ? [] : [rangeComplaint(1, 65535)]);

const maxId = 2 ** 31 - 1;
/** A Unix user or group id, 0 to 2^31-1. */
export const isUserId = (id: number): Complaints => (id >= 0 && id <= maxId ? [] : [rangeComplaint(0, maxId)]);

/** The name of a container port (RFC 6335, lower case): at most 15 bytes with at least one letter. */
export function isPortName(value: string): Complaints {
  const complaints: string[] = [];
  if (exceeds(value, 15)) complaints.push(tooManyCharacters(15));
  if (!/^[-a-z0-9]+$/.test(value)) complaints.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) complaints.push('must contain at least one letter (a-z)');
  if (value.includes('--')) complaints.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) complaints.push('must not begin or end with a hyphen');
  return complaints;
}

/** A name that can be one segment of a URL path; does not refuse the empty string. */
export const isPathSegmentName = (value: string): Complaints =>
  value === '.' || value === '..' ? [`may not be '${value}'`] : isPathSegmentPrefix(value);

const isPathSegmentPrefix = (value: string): Complaints =>
  ['/', '%'].filter((illegal) => value.includes(illegal)).map((illegal) => `may not contain '${illegal}'`);

const maskTrailingDash = (name: string): string => (name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name);

/** Why clients cannot ask for a name; undefined when they can. Source: client-go rest/request.go (Name). */
export function unaskableName(name: string): string | undefined {
  if (name === '') return 'resource name may not be empty';
  const complaints = isPathSegmentName(name);
  return complaints.length === 0 ? undefined : `invalid resource name ${JSON.stringify(name)}: [${complaints.join(' ')}]`;
}

/** How a Kind checks its names: `prefix` is true for a generateName, which may end in a dash. */
export type NameRule = (name: string, prefix: boolean) => Complaints;

const nameRule =
  (check: (value: string) => Complaints): NameRule =>
  (name, prefix) =>
    check(prefix ? maskTrailingDash(name) : name);

export const nameIsDnsSubdomain: NameRule = nameRule(isDns1123Subdomain);
/**
 * As declarative validation checks names: it counts bytes, and leaves generateName alone. Source: apimachinery
 * pkg/api/validate/strfmt.go (LongName).
 */
export const nameIsLong: NameRule = (name, prefix) =>
  prefix ? [] : isDns1123Subdomain(name).map((complaint) => complaint.replace(/^(must be no more than \d+) characters$/, '$1 bytes'));
export const nameIsDnsLabel: NameRule = nameRule(isDns1123Label);
/** RBAC names and others that need only fit in a URL. */
export const nameIsPathSegment: NameRule = (name, prefix) => (prefix ? isPathSegmentPrefix(name) : isPathSegmentName(name));

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A string of `length` letters from upstream's vowel-free alphabet; `random` returns numbers in [0, 1). */
export function randomSuffix(length: number, random: () => number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += alphabet[Math.floor(random() * alphabet.length)] ?? 'b';
  return text;
}

const maxNameLength = 63;
const randomLength = 5;

/** Completes a generateName: the base, cut to 58 characters, and five random letters. */
export const generateName = (base: string, random: () => number): string =>
  base.slice(0, maxNameLength - randomLength) + randomSuffix(randomLength, random);

/** Maps every character onto upstream's vowel-free alphabet, as `rand.SafeEncodeString`. */
export const safeEncode = (text: string): string =>
  [...text].map((char) => alphabet[(char.codePointAt(0) ?? 0) % alphabet.length] ?? 'b').join('');
