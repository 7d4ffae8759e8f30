import path from "node:path";

// The packages are the web client's: this page has none of its own.
const packages = path.resolve(import.meta.dirname, "../../../webclient/node_modules");

export default {
  root: import.meta.dirname,
  resolve: { alias: { "matrix-js-sdk": path.join(packages, "matrix-js-sdk") } },
  build: { target: "es2022", emptyOutDir: true, chunkSizeWarningLimit: 5000 },
};
