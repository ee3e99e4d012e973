/**
 * `%START_TIME(FORMAT)%`: an instant, in UTC, by the letters of strftime and Envoy's own for parts of a second.
 * @source Envoy `utility.cc` DateFormatter; POSIX strftime
 */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const SPECIFIER = /%(?:([1-9])f|([A-Za-z%]))/g;
const KNOWN = 'aAbBdeFfHhIjmMpRsSTuwyYzZ%';

/** What is wrong with a format, or null. */
export function timeFormatFault(format: string): string | null {
  const left = format.replace(SPECIFIER, (whole, _digits, letter: string | undefined) =>
    letter === undefined || KNOWN.includes(letter) ? '' : whole,
  );
  const unknown = /%.?/.exec(left)?.[0];
  return unknown === undefined ? null : `${unknown} is not a part of a time that Heddle knows`;
}

/**
 * @param wallMs milliseconds since the epoch
 * @param format empty: ISO 8601 with milliseconds
 * @example formatTime(0, '%Y/%m/%dT%H:%M:%S%z %s'); // => '1970/01/01T00:00:00+0000 0'
 */
export function formatTime(wallMs: number, format: string): string {
  const date = new Date(wallMs);
  if (Number.isNaN(date.getTime())) return '';
  if (format === '') return date.toISOString();
  return format.replace(SPECIFIER, (whole, digits: string | undefined, letter: string | undefined) =>
    digits === undefined ? part(date, letter!, whole) : fraction(date, Number(digits)),
  );
}

/** Nothing below a millisecond is known. */
function fraction(date: Date, digits: number): string {
  return padded(date.getUTCMilliseconds(), 3).padEnd(9, '0').slice(0, digits);
}

function padded(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}

function part(date: Date, letter: string, otherwise: string): string {
  const hours = date.getUTCHours();
  const time = `${padded(hours)}:${padded(date.getUTCMinutes())}`;
  switch (letter) {
    case 'Y':
      return String(date.getUTCFullYear());
    case 'y':
      return padded(date.getUTCFullYear() % 100);
    case 'm':
      return padded(date.getUTCMonth() + 1);
    case 'd':
      return padded(date.getUTCDate());
    case 'e':
      return String(date.getUTCDate()).padStart(2, ' ');
    case 'F':
      return date.toISOString().slice(0, date.toISOString().indexOf('T'));
    case 'H':
      return padded(hours);
    case 'I':
      return padded(hours % 12 === 0 ? 12 : hours % 12);
    case 'p':
      return hours < 12 ? 'AM' : 'PM';
    case 'M':
      return padded(date.getUTCMinutes());
    case 'S':
      return padded(date.getUTCSeconds());
    case 'R':
      return time;
    case 'T':
      return `${time}:${padded(date.getUTCSeconds())}`;
    case 's':
      return String(Math.floor(date.getTime() / 1_000));
    case 'f':
      return fraction(date, 9);
    case 'j':
      return padded(1 + Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / 86_400_000), 3);
    case 'a':
      return DAYS[date.getUTCDay()]!.slice(0, 3);
    case 'A':
      return DAYS[date.getUTCDay()]!;
    case 'b':
    case 'h':
      return MONTHS[date.getUTCMonth()]!.slice(0, 3);
    case 'B':
      return MONTHS[date.getUTCMonth()]!;
    case 'u':
      return String(date.getUTCDay() === 0 ? 7 : date.getUTCDay());
    case 'w':
      return String(date.getUTCDay());
    case 'z':
      return '+0000';
    case 'Z':
      return 'UTC';
    case '%':
      return '%';
    default:
      return otherwise;
  }
}
