import { expect, test } from "vitest";

import { highlighted } from "./highlight";

test("keywords, strings and comments are told apart, and no character is lost", () => {
  const code = `// <b> & "c"\nconst a = "x < 'y'";\n`;

  const parts = highlighted(code, "js") ?? [];

  expect(parts.map(({ text }) => text).join("")).toBe(code);
  expect(parts.find(({ text }) => text === "const")?.kind).toBe("keyword");
  expect(parts.find(({ kind }) => kind === "comment")?.text).toBe('// <b> & "c"');
  expect(parts.find(({ kind }) => kind === "string")?.text).toContain("x < 'y'");
});

test("a language that nobody knows gets no colours", () => {
  expect(highlighted("let a = 1", "klingon")).toBeNull();
});
