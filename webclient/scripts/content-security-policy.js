/**
 * The policy under which the client works, and with which a server should serve `index.html`.
 *
 * `wasm-unsafe-eval` is for the Rust crypto that is loaded once a feature needs it, `blob:` for media that
 * is fetched with an access token.
 */
export const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "object-src 'none'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
  "form-action 'self'",
  "base-uri 'none'",
].join("; ");
