/** What the receivers of a file want to know of it before they fetch it. */
export interface MediaFacts {
  readonly msgtype: "m.image" | "m.video" | "m.audio" | "m.file";
  readonly info: Readonly<Record<string, unknown>>;
  readonly thumbnail: { readonly blob: Blob; readonly info: Readonly<Record<string, unknown>> } | null;
}

const thumbnailPx = 800;
const patienceMs = 10_000;

/** Looks into a file. What cannot be looked into goes out as a file. */
export async function factsOf(file: File): Promise<MediaFacts> {
  const info = { mimetype: file.type || "application/octet-stream", size: file.size };
  const plain: MediaFacts = { msgtype: "m.file", info, thumbnail: null };
  try {
    if (/^image\/(png|jpeg|gif|webp|avif|apng|bmp)$/.test(file.type)) return await factsOfImage(file, info);
    if (file.type.startsWith("video/")) return await factsOfVideo(file, info);
    if (file.type.startsWith("audio/")) return await factsOfAudio(file, info);
  } catch {
    return plain;
  }
  return plain;
}

type Info = Record<string, unknown>;

async function factsOfImage(file: File, info: Info): Promise<MediaFacts> {
  const bitmap = await createImageBitmap(file);
  const { width: w, height: h } = bitmap;
  const isLarge = Math.max(w, h) > thumbnailPx || file.size > 500_000;
  const isMoving = /gif|webp|apng/.test(file.type);
  const thumbnail = isLarge && !isMoving ? await thumbnailOf(bitmap, w, h) : null;
  bitmap.close();
  return { msgtype: "m.image", info: { ...info, w, h }, thumbnail };
}

async function factsOfVideo(file: File, info: Info): Promise<MediaFacts> {
  return withElement("video", file, async (video) => {
    await once(video, "loadeddata");
    const { videoWidth: w, videoHeight: h } = video;
    const thumbnail = w > 0 ? await thumbnailOf(video, w, h) : null;
    return { msgtype: "m.video", info: { ...info, w, h, ...durationOf(video) }, thumbnail };
  });
}

async function factsOfAudio(file: File, info: Info): Promise<MediaFacts> {
  return withElement("audio", file, async (audio) => {
    await once(audio, "loadedmetadata");
    return { msgtype: "m.audio", info: { ...info, ...durationOf(audio) }, thumbnail: null };
  });
}

function durationOf({ duration }: HTMLMediaElement): Info {
  return Number.isFinite(duration) ? { duration: Math.round(duration * 1000) } : {};
}

async function withElement<K extends "video" | "audio", T>(
  tag: K,
  file: File,
  use: (element: HTMLElementTagNameMap[K]) => Promise<T>,
): Promise<T> {
  const url = URL.createObjectURL(file);
  const element = document.createElement(tag);
  element.muted = true;
  element.preload = "auto";
  element.src = url;
  try {
    return await use(element);
  } finally {
    element.removeAttribute("src");
    URL.revokeObjectURL(url);
  }
}

function once(element: HTMLMediaElement, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("took too long")), patienceMs);
    element.addEventListener(name, () => (clearTimeout(late), resolve()), { once: true });
    element.addEventListener("error", () => (clearTimeout(late), reject(new Error("unreadable"))), { once: true });
  });
}

async function thumbnailOf(source: CanvasImageSource, width: number, height: number): Promise<MediaFacts["thumbnail"]> {
  const scale = Math.min(1, thumbnailPx / Math.max(width, height));
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const canvas = document.createElement("canvas");
  canvas.width = w;
  canvas.height = h;
  canvas.getContext("2d")?.drawImage(source, 0, 0, w, h);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
  return blob && { blob, info: { mimetype: blob.type, size: blob.size, w, h } };
}
