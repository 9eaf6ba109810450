const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const written = /\b(\d{4})-(\d\d)-(\d\d)\b|\b(\d\d)-(\d\d)-(\d\d)\b|\b(\d\d)\.(\d\d)\.(?:20)?(\d\d)\b/u;
const named = /\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6} (20\d\d)\b/iu;

/**
 * The first day named in a sentence, YYYY-MM-DD. READMEs write 2025-06-13, 25-06-13 (year first), 07.12.22 (day first)
 * and "April 2023" (its first day). Null when there is none.
 */
export function findDate(text: string): string | null {
  const parts = written.exec(text);
  if (parts !== null) return dayOf(parts);
  const [, month, year] = named.exec(text) ?? [];
  if (month === undefined || year === undefined) return null;
  return checkedDay(year, String(months.indexOf(month.toLowerCase()) + 1).padStart(2, "0"), "01");
}

function dayOf(parts: RegExpExecArray): string | null {
  const [, year, month, day, year2, month2, day2, day3, month3, year3] = parts;
  if (year !== undefined) return checkedDay(year, month, day);
  if (year2 !== undefined) return checkedDay(`20${year2}`, month2, day2);
  return checkedDay(`20${year3}`, month3, day3);
}

function checkedDay(year: string, month = "", day = ""): string | null {
  const text = `${year}-${month}-${day}`;
  const time = Date.parse(`${text}T00:00:00Z`);
  // Date.parse takes 31 February for a day of March.
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text ? null : text;
}
