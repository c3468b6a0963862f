const zero = 48;

function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let i = from; i < from + count; i++) {
    const digit = text.charCodeAt(i) - zero;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar. The year is taken to begin in March. */
function epochDay(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719468;
}

function dateMs(text: string): number {
  if (text[4] !== '-' || text[7] !== '-') return Number.NaN;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) {
    return Number.NaN;
  }
  return epochDay(year, month, day) * 86_400_000;
}

/** Minutes east of UTC of what stands from `at` to the end; 0 for nothing, NaN for anything else. */
function zoneMinutes(text: string, at: number): number {
  const from = text[at] === ' ' && at + 1 < text.length ? at + 1 : at;
  const length = text.length - from;
  if (length === 0) return 0;
  const sign = text[from];
  if (sign !== '+' && sign !== '-') {
    const name = text.slice(from);
    return name === 'Z' || name === 'z' || name === 'UTC' ? 0 : Number.NaN;
  }
  const colon = text[from + 3] === ':' ? 1 : 0;
  if (length !== 3 && length !== 5 + colon) return Number.NaN;
  const hours = digits(text, from + 1, 2);
  const minutes = length === 3 ? 0 : digits(text, from + 3 + colon, 2);
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  return (hours * 60 + minutes) * (sign === '-' ? -1 : 1);
}

/**
 * Epoch milliseconds of an ISO 8601 time such as 2026-02-28, 2026-02-28 22:15, 2026-02-28T22:15:54.123Z or
 * 2026-02-28 22:15:54+02:00; NaN for anything else. Without a zone it is UTC; digits past the millisecond are cut.
 */
export function parseIso(text: string): number {
  const date = dateMs(text);
  if (text.length === 10) return date;
  const separator = text[10];
  if ((separator !== 'T' && separator !== ' ' && separator !== 't') || text[13] !== ':') return Number.NaN;
  const hours = digits(text, 11, 2);
  const minutes = digits(text, 14, 2);
  let at = 16;
  let seconds = 0;
  let ms = 0;
  if (text[16] === ':') {
    seconds = digits(text, 17, 2);
    at = 19;
    if (text[19] === '.' || text[19] === ',') {
      at = 20;
      for (let scale = 100; at < text.length && digits(text, at, 1) >= 0; at++, scale /= 10) {
        if (scale >= 1) ms += scale * digits(text, at, 1);
      }
      if (at === 20) return Number.NaN;
    }
  }
  if (!(hours <= 23 && minutes <= 59 && seconds <= 59)) return Number.NaN;
  return date + ((hours * 60 + minutes - zoneMinutes(text, at)) * 60 + seconds) * 1000 + ms;
}

/** Whether a time that `parseIso` understood says its zone. */
export function hasZone(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  if (text.length <= 10) return false;
  return last === 90 || last === 122 || last === 67 || text.includes('+') || text.lastIndexOf('-') > 10;
}
