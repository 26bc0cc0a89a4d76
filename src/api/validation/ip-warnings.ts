/** Warnings about addresses that are accepted for their age only. Source: apimachinery pkg/util/validation/ip.go (GetWarningsForIP). */
import type { FieldPath } from '../field-error.ts';
import { formatIp, parseIp } from '../ip.ts';

/** An address that newer fields would refuse. */
export function ipWarnings(text: string, at: FieldPath): readonly string[] {
  const ip = parseIp(text);
  if (ip === undefined) return [];
  const canonical = formatIp(ip);
  const quoted = JSON.stringify(canonical);
  if (ip.leadingZeros || ip.mapped) return [`${at}: non-standard IP address ${JSON.stringify(text)} is invalid: use ${quoted}`];
  return ip.family === 6 && canonical !== text
    ? [`${at}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${quoted})`]
    : [];
}
