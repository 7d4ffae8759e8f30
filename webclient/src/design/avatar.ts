/** How many `hue-N` classes there are in tokens.css. */
const hues = 8;

/** One of the hues, the same for the same id on every machine. */
export function hueOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return sum % hues;
}

/** The first letter or digit of a name, without the sigil of an id or alias. */
export function initialOf(name: string): string {
  const match = /[\p{L}\p{N}\p{Extended_Pictographic}]/u.exec(name);
  return match ? match[0].toUpperCase() : "?";
}
