/** `8 s`, `2 min 14 s`, `1 h 5 min`. */
export function durationWords(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `$0.42`; below a cent `under $0.01`. */
export function costWords(dollars: number): string {
  return dollars < 0.01 ? "under $0.01" : `$${dollars.toFixed(2)}`;
}

/** `1 file`, `3 files`. */
export function countWords(count: number, singular: string): string {
  return `${count} ${singular}${count === 1 ? "" : "s"}`;
}

/**
 * A moment as each reader's own clock shows it, with UTC for who cannot see that. `at` in milliseconds since 1970.
 * Today only the time of day is shown.
 */
export function clockTime(at: number, now: number): string {
  const isSoon = at - now < 12 * 3600 * 1000;
  const utc = `${new Date(at)
    .toISOString()
    .slice(isSoon ? 11 : 0, 16)
    .replace("T", " ")} UTC`;
  return `<!date^${Math.ceil(at / 1000)}^${isSoon ? "{time}" : "{date_short_pretty} {time}"}|${utc}>`;
}
