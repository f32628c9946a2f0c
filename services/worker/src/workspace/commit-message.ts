import type { Person } from "@peerbot/contracts";

const LONGEST_SUBJECT = 72;

/** The subject of a commit for a request: its first words, on one line, at most 72 characters. */
export function subjectOf(request: string): string {
  const words = oneLine(request.slice(0, 1_000))
    .replace(/^(hi|hello|hey|please|can you|could you|would you)\b[\s,:]*/i, "")
    .replace(/^(please)\b[\s,:]*/i, "");
  const sentence = /^.{10,}?[.!?](?=\s)/.exec(words)?.[0] ?? words;
  const subject = shorten(sentence.replace(/[.\s]+$/, ""), LONGEST_SUBJECT);
  return subject === "" ? "Work on the session" : subject[0]?.toUpperCase() + subject.slice(1);
}

/** Somebody else's subject of a commit as it is told: git takes megabytes on one line. */
export function toldSubject(subject: string): string {
  return shorten(oneLine(subject.slice(0, 1_000)), 200);
}

/** The whole message: who asked stands in it as co-author, whatever their name contains. */
export function commitMessage({ request, person }: { request: string; person: Person }): string {
  const name = shorten(oneLine(person.name).replace(/[<>"@]/g, ""), 80) || person.id;
  const email = person.email ?? `${person.id}@${person.team}.slack.invalid`;
  return `${subjectOf(request)}\n\nRequested in Slack by ${name}.\n\nCo-authored-by: ${name} <${oneLine(email)}>\n`;
}

/** Free of line breaks, control characters and marks that hide or reorder text. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
}

/** At most `length` characters, cut between words where that is possible. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = [...text]
    .slice(0, length - 1)
    .join("")
    .slice(0, length - 1);
  const atWord = cut.replace(/\s+\S*$/, "");
  return `${atWord.length > length / 2 ? atWord : cut}…`;
}
