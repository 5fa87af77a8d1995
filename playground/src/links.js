// A link holds the program in the part after #, which is not sent to a server.

const HEAD = "#program=";
const LONGEST = 100_000; // characters

export const linkTo = (program) => `${location.href.split("#")[0]}${HEAD}${encodeURIComponent(program)}`;

/** The program in the page's address; null if there is none. */
export function linked() {
  if (!location.hash.startsWith(HEAD) || location.hash.length > LONGEST) return null;
  try {
    return decodeURIComponent(location.hash.slice(HEAD.length)).replaceAll("\r\n", "\n");
  } catch {
    return null; // a truncated link
  }
}
