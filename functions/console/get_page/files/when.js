// When schedules are due: their expressions in plain words, and the clocks of their time zones.

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
/** Days of the week as expressions name them, Monday first. */
export const WEEK = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
/** Times of a day that are said one by one. */
const TIMES_MAX = 4;

/** @param {string[]} names */
const both = (names) => (names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`);
/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");
/** @param {number} number */
const nth = (number) => `${number}${(number % 100 > 10 && number % 100 < 14 ? "" : ["", "st", "nd", "rd"][number % 10]) || "th"}`;
/** The day of the week that a field names: SUN, or 1 for it. @param {string} text */
export const dayOf = (text) => DAYS.find((name, index) => name.slice(0, 3).toUpperCase() === text || String(index + 1) === text);

/**
 * The values that a field of a cron expression lists, by single ones and ranges; null when it says more.
 * @param {string} field @param {string[]} names of its values, the first of which is `first` @param {number} first @param {number} size
 */
function listed(field, names, first, size) {
  const one = (/** @type {string} */ text) => {
    const named = names.findIndex((each) => each.slice(0, 3).toUpperCase() === text);
    return named >= 0 ? named + first : /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  };
  const found = [];
  for (const part of field.split(",")) {
    const [from, to = from, ...more] = part.split("-").map(one);
    if (more.length || Number.isNaN(from + to)) return null;
    for (let at = from, left = size; left-- > 0; at = at - first + 1 < size ? at + 1 : first) {
      found.push(at);
      if (at === to) break;
    }
  }
  return found;
}

/** Every how many a field is due, from its first value on; 0 when it is not so, or not evenly. @param {string} field @param {number} size */
function step(field, size) {
  const match = /^(?:\*|0)\/(\d+)$/.exec(field);
  const every = match ? Number(match[1]) : 0;
  return every > 0 && size % every === 0 ? every : 0;
}

/** @param {string} minutes @param {string} hours @returns {string | null} */
function timesOfDay(minutes, hours) {
  const [at, during] = [listed(minutes, [], 0, 60), listed(hours, [], 0, 24)];
  const range = during && /^\d+-\d+$/.test(hours) ? [during[0], during[during.length - 1]] : null;
  if (at && during && at.length * during.length <= TIMES_MAX) return `at ${both(during.flatMap((hour) => at.map((minute) => `${two(hour)}:${two(minute)}`)))}`;
  if (at && at.length === 1) {
    const every = hours === "*" ? 1 : step(hours, 24);
    if (range) return `every hour from ${two(range[0])}:${two(at[0])} to ${two(range[1])}:${two(at[0])}`;
    if (every) return `every ${every === 1 ? "hour" : `${every} hours`}${at[0] ? ` at ${at[0]} minutes past` : ""}`;
  }
  const every = step(minutes, 60);
  if (!every) return null;
  if (hours === "*") return `every ${every} minutes`;
  return range && `every ${every} minutes from ${two(range[0])}:00 to ${two(range[1])}:59`;
}

/** @param {string} days of the month @param {string} week days of the week @param {string} months @returns {string | null} */
function daysOfYear(days, week, months) {
  const among = months === "*" ? [] : listed(months, MONTHS, 1, 12);
  if (!among) return null;
  const named = both(among.map((each) => MONTHS[each - 1] || String(each)));
  const of = named || "every month";
  const during = named && ` in ${named}`;
  if ([days, week].every((each) => "*?".includes(each))) return `every day${during}`;
  if ("*?".includes(days)) {
    if (/^(MON-FRI|2-6)$/.test(week)) return `every weekday${during}`;
    const [, day = "", rank = ""] = /^(\w{3}|[1-7])(#[1-5]|L)$/.exec(week) || [];
    const name = dayOf(day);
    if (name) return `on the ${rank === "L" ? "last" : nth(Number(rank[1]))} ${name} of ${of}`;
    const each = listed(week, DAYS, 1, 7);
    return each && `every ${both(each.map((at) => DAYS[at - 1] || String(at)))}${during}`;
  }
  if (days === "L") return `on the last day of ${of}`;
  if (days === "LW") return `on the last weekday of ${of}`;
  const near = /^(\d+)W$/.exec(days);
  if (near) return `on the weekday nearest to the ${nth(Number(near[1]))} of ${of}`;
  const dates = listed(days, [], 1, 31);
  return dates && `on the ${both(dates.map(nth))} of ${of}`;
}

/** What an expression says, in plain words; "" when it has no short ones. @param {string} expression */
export function inWords(expression) {
  const [, kind = "", given = ""] = /^(cron|rate|at)\((.*)\)$/.exec(expression) || [];
  if (kind === "rate") return `Every ${given.replace(/^1 /, "")}`;
  if (kind === "at") {
    const local = new Date(`${given}Z`);
    return Number.isNaN(Number(local)) ? "" : `Once, on ${clock(local, "UTC", true)}`;
  }
  const fields = given.split(" ");
  if (kind !== "cron" || fields.length !== 6) return "";
  const [minutes, hours, days, months, week, years] = fields;
  const [time, day] = [timesOfDay(minutes, hours), daysOfYear(days, week, months)];
  if (!time || !day || !/^(\*|\d{4}([-,]\d{4})*)$/.test(years)) return "";
  const words = day === "every day" && time.startsWith("every") ? time : `${day}${time.startsWith("every") ? "," : ""} ${time}`;
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${years === "*" ? "" : `, in ${years}`}`;
}

// ---------------------------------------------------------------- as a form has them

/** The parts of an expression that a form asks for; what it has no parts for is `cron`, as it stands. @param {string} expression */
export function readTiming(expression) {
  const [, minute = "", hour = "", date = "", week = ""] = /^cron\((\d+) (\d+) (\S+) \* (\S+) \*\)$/.exec(expression) || [];
  const time = `${two(Number(hour))}:${two(Number(minute))}`;
  if (minute && [date, week].every((each) => "*?".includes(each))) return { how: "day", time };
  if (minute && date === "?" && week === "MON-FRI") return { how: "weekday", time };
  if (minute && date === "?" && week.split(",").every((each) => WEEK.includes(each))) return { how: "week", time, days: week.split(",") };
  if (minute && week === "?" && /^(L|[1-9]|[12]\d|3[01])$/.test(date)) return { how: "month", time, date };
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) || [];
  if (unit) return { how: "rate", count, unit: `${unit}s` };
  const [, at] = /^at\((.*)\)$/.exec(expression) || [];
  return at ? { how: "at", at: at.replace(/:00$/, "") } : { how: "cron", cron: expression };
}

/** The expression of a form's parts; "" where one is missing. @param {any} values */
export function writeTiming({ how, time, days, date, count, unit, at, cron }) {
  if (how === "cron") return cron;
  if (how === "at") return at && `at(${at}${at.length === 16 ? ":00" : ""})`;
  if (how === "rate") return count && `rate(${count} ${count === "1" ? unit.slice(0, -1) : unit})`;
  if (!time) return "";
  const start = time.split(":").map(Number).reverse().join(" ");
  if (how === "month") return `cron(${start} ${date} * ? *)`;
  const week = how === "week" ? WEEK.filter((each) => days.includes(each)).join() : how === "weekday" ? "MON-FRI" : "";
  if (how === "week" && !week) return "";
  return week ? `cron(${start} ? * ${week} *)` : `cron(${start} * * ? *)`;
}

// ---------------------------------------------------------------- clocks

/** The browser's own time zone. */
export const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** The zone if the browser knows it, else UTC: its database may be older than the service's. @param {string} zone */
function known(zone) {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}

/** An instant by the clock of a zone, such as "Mon 8 Jun, 09:00". @param {Date} at @param {string} zone @param {boolean} [always] with the year */
export function clock(at, zone, always = false) {
  const year = always || at.getFullYear() !== new Date().getFullYear();
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: known(zone), weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(year && { year: "numeric" }),
  }).format(at);
}

/** An instant as an input for a local date and time has it. @param {string | number} instant @param {string} zone */
export function localOf(instant, zone) {
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: known(zone), dateStyle: "short", timeStyle: "short" });
  return parts.format(new Date(instant)).replace(" ", "T");
}

/** The instant of a local date and time. @param {string} local @param {string} zone */
export function instantOf(local, zone) {
  const wall = Date.parse(`${local}Z`);
  if (Number.isNaN(wall)) return local;
  const offset = (/** @type {number} */ at) => Date.parse(`${localOf(at, zone)}Z`) - at;
  const near = wall - offset(wall);
  return new Date(wall - offset(near)).toISOString();
}
