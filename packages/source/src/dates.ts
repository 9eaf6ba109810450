const earliest = Date.parse("0000-01-01T00:00:00.000Z");
const latest = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * The ISO date of seconds since 1970. Upstream can write any number as a date: one before the year 0 or after 9999, which
 * ISO dates of four-digit years cannot say and a Date may not hold, becomes the first or last they can.
 */
export function toIsoDate(seconds: number): string {
  return new Date(Math.min(Math.max(seconds * 1000, earliest), latest)).toISOString();
}
