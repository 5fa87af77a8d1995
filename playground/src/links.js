// A link holds the program in the part after #, which is not sent to a server.

const HEAD = "#program=";
const LONGEST = 100_000; // characters

/** The link to a program; null if it would be too long. */
export function linkTo(program) {
  const hash = `${HEAD}${encodeURIComponent(program)}`;
  return hash.length > LONGEST ? null : `${location.href.split("#")[0]}${hash}`;
}

/** Whether the page's address should hold a program. */
export const isLink = () => location.hash.startsWith(HEAD);

/** The program in the page's address; null if it holds none, or a damaged one. */
export function linked() {
  if (!isLink() || location.hash.length > LONGEST) return null;
  try {
    return decodeURIComponent(location.hash.slice(HEAD.length)).replaceAll("\r\n", "\n");
  } catch {
    return null; // a truncated link
  }
}
