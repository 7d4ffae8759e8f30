/** Base64 as Matrix writes it, without padding. https://spec.matrix.org/v1.19/appendices/#unpadded-base64 */
export function encodeBase64(data: ArrayBuffer | Uint8Array): string {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/=+$/, "");
}

/** The alphabet of JSON Web Keys: https://www.rfc-editor.org/rfc/rfc4648#section-5 */
export function encodeBase64Url(data: Uint8Array): string {
  return encodeBase64(data).replaceAll("+", "-").replaceAll("/", "_");
}

/** With or without padding; throws on what is no base64. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
