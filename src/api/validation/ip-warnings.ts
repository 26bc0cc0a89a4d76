/**
 * Warnings about addresses that only older fields accept. Source: apimachinery pkg/util/validation/ip.go
 * (GetWarningsForIP).
 */
import type { FieldPath } from '../field-error.ts';
import { formatIp, maskedBytes, parseIp } from '../ip.ts';

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

/**
 * A network that newer fields would refuse, or that names an address rather than a network. Source: ip.go,
 * GetWarningsForCIDR.
 */
export function cidrWarnings(text: string, at: FieldPath): readonly string[] {
  const slash = text.indexOf('/');
  const ip = parseIp(text.slice(0, slash));
  const bits = Number(text.slice(slash + 1));
  if (slash < 0 || ip === undefined || !Number.isInteger(bits)) return [];
  const network = { ...ip, bytes: maskedBytes(ip.bytes, bits) };
  const [canonical, quoted] = [`${formatIp(network)}/${bits}`, JSON.stringify(text)];
  const warnings: string[] = [];
  if (network.bytes.some((byte, i) => byte !== ip.bytes[i])) {
    const single = `${formatIp(ip)}/${ip.bytes.length * 8}`;
    warnings.push(
      `${at}: CIDR value ${quoted} is ambiguous in this context (should be ${JSON.stringify(canonical)} or ${JSON.stringify(single)}?)`,
    );
  }
  if (ip.leadingZeros || ip.mapped || text !== `${text.slice(0, slash)}/${bits}`) {
    warnings.push(`${at}: non-standard CIDR value ${quoted} is invalid: use ${JSON.stringify(canonical)}`);
  }
  if (warnings.length === 0 && ip.family === 6 && text !== canonical) {
    warnings.push(`${at}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`);
  }
  return warnings;
}
