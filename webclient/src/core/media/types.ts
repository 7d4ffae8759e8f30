const plain = "application/octet-stream";

// What browsers show and none of them runs. Not SVG and not HTML: an object URL has this page's origin.
const harmless = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/apng",
  "video/mp4",
  "video/webm",
  "video/ogg",
  "video/quicktime",
  "audio/mp4",
  "audio/webm",
  "audio/aac",
  "audio/mpeg",
  "audio/ogg",
  "audio/wav",
  "audio/x-wav",
  "audio/flac",
  "audio/x-flac",
  plain,
]);

/** The type if a browser can be given content of it without running any, else that of arbitrary bytes. */
export function safeType(type: string): string {
  const essence = type.split(";")[0]?.trim().toLowerCase() ?? "";
  return harmless.has(essence) ? essence : plain;
}
