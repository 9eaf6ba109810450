import { z } from "zod";

/** What a pull request of ours says of itself, out of sight, at the end of its text. */
export const PullRequestMarker = z.object({
  branch: z.string(),
  /** Hash of what the branch would change; null once we closed it ourselves: then it may be opened again. */
  plan: z.string().nullable(),
  /** Those we gave it: others' are left alone. */
  labels: z.array(z.string()),
});
export type PullRequestMarker = z.infer<typeof PullRequestMarker>;

/** GitHub takes no longer text, in characters as JavaScript counts them or fewer. */
const longestBody = 65_536;

/** A pull request's text with the marker behind it, shortened where GitHub would not take it whole. */
export function markBody(body: string, marker: PullRequestMarker): string {
  const mark = `\n<!-- prosody-foundry ${escapeComment(JSON.stringify(marker))} -->\n`;
  const text = withoutMarkers(body).trimEnd();
  const room = longestBody - mark.length - cutNote.length;
  if (text.length <= room) return `${text}\n${mark}`;
  return `${text.slice(0, room).toWellFormed()}${cutNote}${mark}`;
}

const cutNote = "\n\nCut: GitHub takes no longer text.\n";

/** The marker of a pull request's text; null where it is none of ours. */
export function markerOf(body: string): PullRequestMarker | null {
  const json = /\n<!-- prosody-foundry (\{[^\n]*\}) -->\s*$/u.exec(unixLines(body))?.[1];
  if (json === undefined) return null;
  const marker = PullRequestMarker.safeParse(parseOrNull(json));
  return marker.success ? marker.data : null;
}

/** True when two texts differ in nothing but how their lines end, which GitHub's own editor changes. */
export function isSameBody(a: string, b: string): boolean {
  return unixLines(a).trimEnd() === unixLines(b).trimEnd();
}

function unixLines(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

// Neither ends a comment in HTML.
function escapeComment(json: string): string {
  return json.replaceAll("-", "\\u002d").replaceAll(">", "\\u003e");
}

function withoutMarkers(body: string): string {
  return body.replaceAll("<!-- prosody-foundry ", "<!-- ");
}

function parseOrNull(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
