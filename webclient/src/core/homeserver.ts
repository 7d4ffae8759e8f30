import { t } from "./texts";

/** The homeserver to talk to: `?hs=` if the address has it, else the origin this page came from. */
export function chosenHomeserver(address: { origin: string; search: string }): string {
  const named = new URLSearchParams(address.search).get("hs");
  if (!named) return address.origin;
  try {
    return homeserverUrl(named);
  } catch {
    return address.origin;
  }
}

/** An absolute URL without a trailing slash, from what somebody typed. Throws an Error with a sentence to show. */
export function homeserverUrl(typed: string): string {
  const text = typed.trim();
  const complete = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  let url: URL;
  try {
    url = new URL(complete);
  } catch {
    throw new Error(t().failures.homeserverAddress(text));
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new Error(t().failures.homeserverProtocol);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
