import { defineConfig } from "vitest/config";

import { contentSecurityPolicy } from "./scripts/content-security-policy.js";

// Where `npm run dev` and `npm run preview` send the Matrix API; the built client always asks its own origin.
const homeserver = process.env["HEARTH_HOMESERVER"] ?? "http://127.0.0.1:8008";
const proxy = { "/_matrix": { target: homeserver, changeOrigin: false } };

/** The SDK without its Rust crypto, as a file of its own: it changes more rarely than the client does. */
function isSdk(id: string): boolean {
  return id.includes("/node_modules/matrix-js-sdk/") && !id.includes("/rust-crypto/");
}

const fileGroups = [
  // What every file needs to load others must not end up in the SDK's file, or the log-in page would load that.
  { name: "loader", test: /preload-helper|rolldown/, priority: 2 },
  { name: "matrix-js-sdk", test: isSdk, priority: 1 },
];

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // Every asset is a file of its own with a hash in its name: the policy forbids inline scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { output: { codeSplitting: { groups: fileGroups } } },
  },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy, headers: { "Content-Security-Policy": contentSecurityPolicy } },
  test: {
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    environment: "node",
    silent: "passed-only",
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
