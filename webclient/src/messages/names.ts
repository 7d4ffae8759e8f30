/** Characters that change the direction of what comes after them, or of the whole line. */
const directionControls = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const invisible = /^[\s\p{C}\u3164\u2800\u115f\u1160]*$/u;
const longestName = 120;

/** A stranger's name as one line without tricks: nothing in it reorders the text around it. */
export function tidyName(name: string): string {
  const line = name.slice(0, 4 * longestName).replace(directionControls, "").replace(/[\s\p{Cc}]+/gu, " ").trim();
  const clipped = line.length > longestName ? `${[...line].slice(0, longestName).join("")}…` : line;
  return invisible.test(clipped) ? "" : clipped;
}

/** A name for the middle of a sentence: isolated where it is written from right to left. */
export function nameInSentence(name: string): string {
  const tidy = tidyName(name);
  return rightToLeft.test(tidy) ? `\u2068${tidy}\u2069` : tidy;
}
