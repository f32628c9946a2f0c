/** The names in the `Inst` lines that `apt-get install --simulate` prints. @throws when there is none. */
export function packagesToInstall(simulation: string): string[] {
  const names = [...simulation.matchAll(/^Inst (\S+)/gm)].flatMap(([, name]) => name ?? []);
  if (names.length === 0) throw new Error("apt-get would install nothing");
  return names;
}

/** A dpkg status file without the paragraphs of Redis and Valkey themselves; their libraries stay. */
export function withoutRedis(status: string): string {
  return status
    .split(/\n\n+/)
    .filter((paragraph) => !/^Package: (redis|valkey)/m.test(paragraph))
    .join("\n\n");
}
