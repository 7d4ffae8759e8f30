import hljs from "highlight.js/lib/common";

/** A piece of code and what it is there, in the words of the style sheet; null for what has no colour. */
export interface CodePart {
  readonly text: string;
  readonly kind: string | null;
}

const kinds: Readonly<Record<string, string>> = {
  keyword: "keyword",
  built_in: "name",
  type: "name",
  literal: "literal",
  number: "literal",
  operator: "keyword",
  regexp: "string",
  string: "string",
  subst: "plain",
  symbol: "literal",
  variable: "name",
  title: "title",
  comment: "comment",
  doctag: "comment",
  meta: "comment",
  section: "title",
  tag: "keyword",
  name: "title",
  attr: "name",
  attribute: "name",
  selector: "title",
  addition: "string",
  deletion: "keyword",
};

/** Code in coloured parts; without a language that is known, the likeliest one. */
export function highlighted(code: string, language: string | null): CodePart[] | null {
  const known = language !== null && hljs.getLanguage(language) !== undefined;
  if (!known && (language !== null || code.length < 24)) return null;
  const { value } = known ? hljs.highlight(code, { language, ignoreIllegals: true }) : hljs.highlightAuto(code);
  return partsOf(value);
}

/** Reads the library's HTML, which has nothing in it but its own spans and escaped text. */
function partsOf(html: string): CodePart[] {
  const parts: CodePart[] = [];
  const open: (string | null)[] = [];
  for (const [token] of html.matchAll(/<span class="[^"]*">|<\/span>|[^<]+/g)) {
    const opening = /^<span class="hljs-([a-z_]+)/.exec(token);
    if (token === "</span>") open.pop();
    else if (token.startsWith("<span")) open.push((opening?.[1] && kinds[opening[1]]) ?? open.at(-1) ?? null);
    else parts.push({ text: unescaped(token), kind: open.at(-1) ?? null });
  }
  return parts;
}

function unescaped(html: string): string {
  const characters: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#x27": "'", amp: "&" };
  return html.replace(/&(lt|gt|quot|#x27|amp);/g, (_, name: string) => characters[name] ?? "");
}
