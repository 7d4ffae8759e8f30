import { ApiError, asObject, ClientApi } from "./api";
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
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error(t().failures.homeserverProtocol);
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/**
 * The address of the homeserver's API, from what somebody typed: a server's name, an address, or a whole user id.
 *
 * A server says at `/.well-known/matrix/client` where its API is; without that it is at the name itself. Throws an Error
 * with a sentence when there is no Matrix server. https://spec.matrix.org/v1.19/client-server-api/#server-discovery
 */
export async function discover(typed: string): Promise<string> {
  const own = homeserverUrl(typed.trim().replace(/^@[^:]*:/, ""));
  // What served this page needs no discovery, and what was typed with its protocol is meant as it stands.
  const named = (await wellKnownUrl(own)) ?? own;
  if (await isHomeserver(named)) return named;
  if (named !== own && (await isHomeserver(own))) return own;
  throw new Error(t().failures.noHomeserver(new URL(own).host));
}

async function wellKnownUrl(base: string): Promise<string | null> {
  if (base === globalThis.location?.origin) return null;
  try {
    const response = await fetch(`${new URL(base).origin}/.well-known/matrix/client`, { credentials: "omit" });
    if (!response.ok) return null;
    const url = asObject(asObject(await response.json())?.["m.homeserver"])?.["base_url"];
    return typeof url === "string" ? homeserverUrl(url) : null;
  } catch {
    return null;
  }
}

async function isHomeserver(url: string): Promise<boolean> {
  try {
    return Array.isArray((await new ClientApi(url).versions())["versions"]);
  } catch (failure) {
    if (failure instanceof ApiError) return false;
    throw new Error(t().failures.homeserverAway(new URL(url).host));
  }
}
