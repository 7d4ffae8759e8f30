import DOMPurify from "dompurify";

// What the specification allows in `org.matrix.custom.html`, less `mx-reply`, which is for clients of old.
// https://spec.matrix.org/v1.19/client-server-api/#mroommessage-msgtypes
const tags = [
  ..."del h1 h2 h3 h4 h5 h6 blockquote p a ul ol sup sub li b i u strong em s code hr br div table thead".split(" "),
  ..."tbody tr th td caption pre span img details summary strike font".split(" "),
];
const attributes = [
  ..."data-mx-bg-color data-mx-color data-mx-spoiler data-mx-maths href src alt title width height".split(" "),
  ..."start class color".split(" "),
];
const settings = {
  ALLOWED_TAGS: tags,
  ALLOWED_ATTR: attributes,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?|ftp|mailto|magnet|matrix|mxc):/i,
  FORBID_CONTENTS: ["mx-reply", "script", "style", "template", "iframe", "object", "svg", "math", "title", "xmp", "noscript"],
};

/** A stranger's HTML as a tree of allowed elements only, in a document of its own that loads nothing. */
export function sanitizedTree(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, { ...settings, RETURN_DOM_FRAGMENT: true });
}

/** The same as HTML, for what goes out. */
export function sanitizedHtml(html: string): string {
  return DOMPurify.sanitize(html, settings);
}
