/** Query parameters as Go reads them. Source: apimachinery pkg/runtime/conversion.go, pkg/conversion/queryparams. */
import { statusErrors } from '../../../api/status-error.ts';
import type { Exchange } from '../exchange.ts';

/** An integer parameter; undefined when absent or empty. Throws 400 with the message of Go's strconv. */
export function intParam(exchange: Exchange, name: string): number | undefined {
  const text = exchange.param(name);
  if (text === undefined || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw statusErrors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = BigInt(text.replace(/^\+/, ''));
  if (value > 9223372036854775807n || value < -9223372036854775808n) {
    throw statusErrors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return Number(value);
}

/**
 * A boolean parameter: any value but `false` and `0` is true, even the empty one. Source: Convert_Slice_string_To_bool.
 */
export function boolParam(exchange: Exchange, name: string): boolean | undefined {
  const text = exchange.param(name);
  if (text === undefined) return undefined;
  const lower = text.toLowerCase();
  return lower !== 'false' && lower !== '0';
}

export const stringParam = (exchange: Exchange, name: string): string => exchange.param(name) ?? '';
