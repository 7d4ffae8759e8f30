import { Fragment, h, type ComponentChildren, type JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { parseMatrixLink } from "../core/permalink";
import { t } from "../core/texts";
import type { RichText } from "./body";
import { CodeBlock } from "./code-block";
import { InlineImage } from "./inline-image";
import { MatrixLink } from "./matrix-link";
import { sanitizedTree } from "./sanitize";
import { linkParts } from "./text";

/** A message's HTML is shown to this depth and this many elements; what lies beyond is shown as text. */
const deepest = 60;
const mostElements = 5_000;
/** Longer messages are cut until the reader asks for all; HTML longer than the second is not read as HTML. */
const clippedTextLength = 8_000;
const longestHtml = 200_000;

/** A message's text, with its HTML where it has some that can be shown. */
export function RichTextView({ content }: { content: RichText }): JSX.Element {
  const [showsAll, setShowsAll] = useState(false);
  const { text, html } = content;
  const size = Math.max(text.length, html?.length ?? 0);
  const isClipped = !showsAll && size > clippedTextLength;
  const usesHtml = html !== null && html.length <= longestHtml && !isClipped;
  const shown = useMemo(
    () => (usesHtml ? nodesOf(html) : <LinkedText text={isClipped ? text.slice(0, clippedTextLength) : text} />),
    [usesHtml, html, text, isClipped],
  );
  return (
    <>
      {usesHtml ? <div class="rich-text">{shown}</div> : <span class="plain-text">{shown}</span>}
      {isClipped && (
        <button type="button" class="link message-show-all" onClick={() => setShowsAll(true)} data-testid="message-show-all">
          {t().messages.showAll(Math.ceil(size / 1000))}
        </button>
      )}
    </>
  );
}

/** Plain text with its addresses as links. */
export function LinkedText({ text }: { text: string }): JSX.Element {
  return (
    <>
      {linkParts(text).map(({ text: part, href }) =>
        href === null ? part : <Link href={href}>{part}</Link>,
      )}
    </>
  );
}

function Link({ href, children }: { href: string; children: ComponentChildren }): JSX.Element {
  const target = parseMatrixLink(href);
  if (target) return <MatrixLink target={target}>{children}</MatrixLink>;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener nofollow" title={href}>
      {children}
    </a>
  );
}

function nodesOf(html: string): ComponentChildren {
  const budget = { left: mostElements };
  return childrenOf(sanitizedTree(html), 0, budget);
}

interface Budget {
  left: number;
}

function childrenOf(parent: Node, depth: number, budget: Budget): ComponentChildren[] {
  return [...parent.childNodes].map((child) => nodeOf(child, depth, budget));
}

function nodeOf(node: Node, depth: number, budget: Budget): ComponentChildren {
  if (node.nodeType === Node.TEXT_NODE) return <LinkedTextIn node={node} />;
  if (!(node.nodeType === Node.ELEMENT_NODE)) return null;
  const element = node as Element;
  if (depth > deepest || --budget.left < 0) return element.textContent;
  return elementOf(element, depth, budget);
}

/** Text inside a link or code is no place for more links. */
function LinkedTextIn({ node }: { node: Node }): JSX.Element {
  const text = node.textContent ?? "";
  const isBare = node.parentElement?.closest("a, code") == null;
  return isBare ? <LinkedText text={text} /> : <>{text}</>;
}

const plainTags = new Set(
  "del h1 h2 h3 h4 h5 h6 blockquote p ul sup sub li b i u strong em s code hr br table thead tbody tr th td caption details summary div".split(" "),
);
const standIns: Readonly<Record<string, string>> = { strike: "s", font: "span", h1: "h4", h2: "h4", h3: "h5", h4: "h5", h5: "h6" };

/** An allowed element, made anew with the attributes that are named here and no others. */
function elementOf(element: Element, depth: number, budget: Budget): ComponentChildren {
  const tag = element.localName;
  const children = childrenOf(element, depth + 1, budget);
  switch (tag) {
    case "a":
      return <HtmlLink element={element}>{children}</HtmlLink>;
    case "img":
      return <InlineImage element={element} />;
    case "pre":
      return <CodeBlock code={element.textContent ?? ""} language={languageOf(element)} />;
    case "ol":
      return <ol start={startOf(element)}>{children}</ol>;
    case "span":
    case "font":
      return <Span element={element}>{children}</Span>;
    default:
      return plainTags.has(tag) ? h(standIns[tag] ?? tag, null, ...children) : <Fragment>{children}</Fragment>;
  }
}

function HtmlLink({ element, children }: { element: Element; children: ComponentChildren }): JSX.Element {
  const href = element.getAttribute("href") ?? "";
  if (!/^(https?|ftp|mailto|magnet|matrix):/i.test(href)) return <>{children}</>;
  return <Link href={href}>{children}</Link>;
}

function Span({ element, children }: { element: Element; children: ComponentChildren }): JSX.Element {
  const reason = element.getAttribute("data-mx-spoiler");
  if (reason !== null) return <Spoiler reason={reason}>{children}</Spoiler>;
  const color = element.getAttribute("data-mx-color") ?? element.getAttribute("color");
  const background = element.getAttribute("data-mx-bg-color");
  const paint = (span: HTMLSpanElement | null): void => {
    if (!span) return;
    // Set by script, which the content security policy allows where it forbids a style attribute.
    if (color !== null && /^#[0-9a-f]{6}$/i.test(color)) span.style.color = color;
    if (background !== null && /^#[0-9a-f]{6}$/i.test(background)) span.style.backgroundColor = background;
  };
  return <span ref={paint}>{children}</span>;
}

function Spoiler({ reason, children }: { reason: string; children: ComponentChildren }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  if (isOpen) return <span class="spoiler spoiler-open">{children}</span>;
  return (
    <button type="button" class="spoiler" onClick={() => setOpen(true)} data-testid="spoiler">
      {reason ? t().messages.spoilerBecause(reason) : t().messages.spoiler}
    </button>
  );
}

function languageOf(pre: Element): string | null {
  const name = /(?:^|\s)language-([\w+#-]+)/.exec(pre.querySelector("code")?.getAttribute("class") ?? "")?.[1];
  return name?.toLowerCase() ?? null;
}

function startOf(list: Element): number | undefined {
  const start = Number(list.getAttribute("start") ?? "1");
  return Number.isSafeInteger(start) && start !== 1 ? start : undefined;
}
