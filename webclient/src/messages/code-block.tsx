import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { t } from "../core/texts";
import type { CodePart } from "./highlight";

/** Longer code is shown in one colour: colouring it would hold up the page. */
const longestHighlighted = 20_000;

/** A block of code in colours, which come once they are loaded, and a button that copies it. */
export function CodeBlock({ code, language }: { code: string; language: string | null }): JSX.Element {
  const text = code.replace(/\n$/, "");
  const parts = useHighlighting(text, language);
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text).catch(() => undefined);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <div class="code-block" data-testid="code-block">
      <button type="button" class="code-copy small" onClick={() => void copy()} data-testid="code-copy">
        {isCopied ? t().common.copied : t().common.copy}
      </button>
      <pre tabIndex={0}>
        <code>{parts ? parts.map(coloured) : text}</code>
      </pre>
    </div>
  );
}

function coloured(part: CodePart): ComponentChildren {
  return part.kind === null ? part.text : <span class={`code-${part.kind}`}>{part.text}</span>;
}

function useHighlighting(code: string, language: string | null): readonly CodePart[] | null {
  const [parts, setParts] = useState<readonly CodePart[] | null>(null);
  useEffect(() => {
    let isCurrent = true;
    setParts(null);
    if (code.length > longestHighlighted) return undefined;
    import("./highlight")
      .then(({ highlighted }) => isCurrent && setParts(highlighted(code, language)))
      .catch(() => undefined);
    return () => {
      isCurrent = false;
    };
  }, [code, language]);
  return parts;
}
