/** Control characters but tab and line feed, and those that turn the direction of writing or end a line elsewhere. */
const HIDDEN = /[^\P{Cc}\t\n]|[\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * A text with its control characters made visible (`\x1b`): what comes from a process could otherwise take over
 * the terminal that shows it, or look like something else. Tabs and line feeds stay.
 */
export function printable(text: string): string {
  return text.replace(HIDDEN, (sign) => escaped(sign.charCodeAt(0)));
}

/** JSON for programs that is as harmless in a terminal: the same value, in other words. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(HIDDEN, (sign) => hex('\\u', sign.charCodeAt(0), 4));
}

function escaped(code: number): string {
  return code < 0x100 ? hex('\\x', code, 2) : hex('\\u', code, 4);
}

function hex(prefix: string, code: number, digits: number): string {
  return prefix + code.toString(16).padStart(digits, '0');
}
