import { Marked, type TokenizerAndRendererExtension, type Tokens } from "marked";

import { sanitizedHtml } from "./sanitize";

/** `||hidden||` becomes a spoiler. https://spec.matrix.org/v1.19/client-server-api/#spoiler-messages */
const spoiler: TokenizerAndRendererExtension = {
  name: "spoiler",
  level: "inline",
  start: (source: string) => source.indexOf("||"),
  tokenizer(source: string) {
    const match = /^\|\|(?=\S)([^\n]*?\S)\|\|/.exec(source);
    if (!match?.[1]) return undefined;
    return { type: "spoiler", raw: match[0], tokens: this.lexer.inlineTokens(match[1]) };
  },
  renderer(token) {
    return `<span data-mx-spoiler>${this.parser.parseInline(token.tokens ?? [])}</span>`;
  },
};

const marked = new Marked({ gfm: true, breaks: true, async: false });
marked.use({ extensions: [spoiler] });
// A list item's box is not among the elements that clients show.
marked.use({ renderer: { checkbox: ({ checked }: Tokens.Checkbox) => (checked ? "☑ " : "☐ ") } });

/** The HTML that a text in markdown means, sanitised; null where the text means no more than itself. */
export function markdownToHtml(text: string): string | null {
  const html = sanitizedHtml(marked.parse(text) as string).trim();
  const single = /^<p>([\s\S]*)<\/p>$/.exec(html)?.[1];
  const inner = single !== undefined && !single.includes("<p>") ? single : html;
  return isPlain(inner, text) ? null : inner;
}

/** Nothing but words, line breaks and addresses that every client finds by itself. */
function isPlain(html: string, text: string): boolean {
  const withoutLinks = html.replace(/<a href="([^"]*)">([^<]*)<\/a>/g, (whole, href: string, shown: string) =>
    href === shown ? shown : whole,
  );
  const words = withoutLinks.replace(/<br\s*\/?>\n?/g, "\n").replace(/<\/p>\s*<p>/g, "\n\n").replace(/<\/?p>/g, "");
  return !/<[a-z]/i.test(words) && unescaped(words).trim() === text.replace(/[ \t]+\n/g, "\n").trim();
}

function unescaped(html: string): string {
  const characters: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&", nbsp: "\u00a0" };
  return html.replace(/&(lt|gt|quot|#39|amp|nbsp);/g, (_, name: string) => characters[name] ?? "");
}
