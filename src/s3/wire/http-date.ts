/** RFC 9110's preferred form, `Sun, 06 Nov 1994 08:49:37 GMT`; `ms` since 1970. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** S3 keeps times of objects in whole seconds, so that documents say the same as Last-Modified. */
export function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

/**
 * HTTP's three forms of a date: RFC 9110's own, and the obsolete ones of RFC 850 and asctime, which it tells recipients
 * to accept. In the first, the zone may be digits, as older clients write and sign it.
 */
const HTTP_DATES = [
  /^(?:[a-z]{3}, )?(?<day>\d{1,2}) (?<month>[a-z]{3}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) (?<zone>GMT|UTC|[+-]\d{4})$/i,
  /^[a-z]{6,9}, (?<day>\d\d)-(?<month>[a-z]{3})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) (?<zone>GMT)$/i,
  /^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/i,
];

/** Milliseconds since 1970 in whole seconds; undefined for an invalid date, which RFC 9110 says to ignore. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  for (const form of HTTP_DATES) {
    const parts = form.exec(text)?.groups;
    if (!parts) continue;
    const { day = "", month = "", year = "", time = "", zone = "GMT" } = parts;
    const ms = Date.parse(`${day} ${month} ${year} ${time} ${zone}`);
    // Date.parse turns 31 February into a day in March.
    const midnight = new Date(`${day} ${month} ${year} 00:00:00 GMT`);
    return Number.isNaN(ms) || midnight.getUTCDate() !== Number(day) ? undefined : ms;
  }
  return isoDate(text);
}

/** Some clients send ISO 8601 instead of an HTTP date, and S3 accepts it. */
function isoDate(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text)) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text.slice(0, 10))) return undefined;
  return Math.floor(ms / 1000) * 1000;
}

/** Signature V4's basic form, `20130524T000000Z`. */
export function parseAmzDate(text: string): number | undefined {
  // Requests of one moment have the same.
  if (text !== lastAmzDate.text) lastAmzDate = { text, ms: amzDate(text) };
  return lastAmzDate.ms;
}

let lastAmzDate: { readonly text: string; readonly ms: number | undefined } = { text: "", ms: undefined };

function amzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

export function formatAmzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
}
