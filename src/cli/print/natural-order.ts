/** The order of keys in go-yaml's output: letters after all else, numbers by value. Source: goyaml.v2 sorter.go. */

const isLetter = (char: string): boolean => /^\p{L}$/u.test(char);
const isDigit = (char: string | undefined): char is string => char !== undefined && /^\p{Nd}$/u.test(char);

/** The number that starts at a place, and where it ends. */
function numberAt(chars: readonly string[], start: number, seed: number): { readonly value: number; readonly end: number } {
  let value = seed;
  let end = start;
  for (let char = chars[end]; isDigit(char); char = chars[end]) {
    value = value * 10 + (char.charCodeAt(0) - 48);
    end += 1;
  }
  return { value, end };
}

/** Whether the digits just before a place hold more than zeros: then a zero there is part of a number. */
function continuesNumber(chars: readonly string[], at: number): boolean {
  for (let i = at - 1; isDigit(chars[i]); i--) if (chars[i] !== '0') return true;
  return false;
}

export function naturalOrder(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [x = '', y = ''] = [a[i], b[i]];
    if (x === y) continue;
    const byCode = (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0);
    if (isLetter(x) && isLetter(y)) return byCode;
    if (isLetter(x) || isLetter(y)) return isLetter(y) ? -1 : 1;
    const seed = (x === '0' || y === '0') && continuesNumber(a, i) ? 1 : 0;
    const [m, n] = [numberAt(a, i, seed), numberAt(b, i, seed)];
    return m.value - n.value || m.end - n.end || byCode;
  }
  return a.length - b.length;
}
