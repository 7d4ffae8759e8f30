import { readFileSync } from "node:fs";

/**
 * The policy under which the client works. It is built into the client's folder as `content-security-policy.txt`, out of
 * which a server takes it to send it with every page.
 *
 * `wasm-unsafe-eval` is for the Rust crypto that is loaded once a feature needs it, `blob:` for media that
 * is fetched with an access token.
 */
export const contentSecurityPolicy = readFileSync(
  new URL("../public/content-security-policy.txt", import.meta.url),
  "utf8",
).trim();
