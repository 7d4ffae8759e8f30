// @vitest-environment jsdom
import { expect, test } from "vitest";

import { markdownToHtml } from "./markdown";

test.each([
  "hello",
  "one\ntwo",
  "one\n\ntwo",
  "a < b && c > d \"quoted\" it's",
  "https://example.org/a?b=c&d=e",
  "snake_case_name and 2 * 3 * 4 = x",
])("a text without markdown stays plain: %j", (text) => {
  expect(markdownToHtml(text)).toBeNull();
});

test.each([
  ["**bold** _it_", "<strong>bold</strong> <em>it</em>"],
  ["a\n**b**", "a<br>\n<strong>b</strong>".replace("\n", "")],
  ["`code`", "<code>code</code>"],
  ["[name](https://example.org)", '<a href="https://example.org">name</a>'],
  ["~~gone~~", "<del>gone</del>"],
  ["||secret **x**||", '<span data-mx-spoiler="">secret <strong>x</strong></span>'],
  ["\\*stars\\*", "*stars*"],
])("%s", (text, html) => {
  expect(markdownToHtml(text)?.replaceAll("\n", "")).toBe(html);
});

test("code blocks keep their language, lists and quotes are lists and quotes", () => {
  expect(markdownToHtml("```ts\nlet a = 1 < 2;\n```")).toContain('<pre><code class="language-ts">let a = 1 &lt; 2;');
  expect(markdownToHtml("- a\n- b")).toMatch(/<ul>\s*<li>a<\/li>/);
  expect(markdownToHtml("> quoted")).toMatch(/<blockquote>\s*<p>quoted/);
});

test.each([
  "<script>alert(1)</script>**x**",
  "**x** <img src=x onerror=alert(1)>",
  "[x](javascript:alert(1))",
  "**x** <a href='javascript:alert(1)' onclick='alert(1)'>x</a>",
  "<iframe src='https://example.org'></iframe>**x**",
])("nothing that runs goes out: %s", (text) => {
  expect(markdownToHtml(text) ?? "").not.toMatch(/script|onerror|onclick|iframe|javascript/);
});
