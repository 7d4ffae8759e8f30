// Writes FILE.br and FILE.gz next to every text asset of a built client: `node scripts/precompress.js dist`.
// A server may then answer `Accept-Encoding` without compressing anything itself.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const compressible = new Set([".html", ".js", ".css", ".svg", ".json", ".wasm", ".txt", ".webmanifest"]);
// Below this a compressed copy saves less than the headers that announce it.
const smallestBytes = 512;

/** @param {string} directory */
async function precompress(directory) {
  const totals = { raw: 0, br: 0, gz: 0 };
  for (const name of await readdir(directory, { recursive: true })) {
    if (!compressible.has(extname(name))) continue;
    const path = join(directory, name);
    const raw = await readFile(path);
    if (raw.length < smallestBytes) continue;
    const br = await promisify(brotliCompress)(raw, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length },
    });
    const gz = await promisify(gzip)(raw, { level: 9 });
    await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)]);
    totals.raw += raw.length;
    totals.br += br.length;
    totals.gz += gz.length;
    console.log(`${name}  ${kilobytes(raw.length)}  br ${kilobytes(br.length)}  gz ${kilobytes(gz.length)}`);
  }
  console.log(`total  ${kilobytes(totals.raw)}  br ${kilobytes(totals.br)}  gz ${kilobytes(totals.gz)}`);
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

await precompress(process.argv[2] ?? "dist");
