/** Things that happen by themselves after a while; disposing forgets them. */
export interface Agenda extends Disposable {
  after(milliseconds: number, deed: () => void): void;
}

export function createAgenda(): Agenda {
  const timers = new Set<NodeJS.Timeout>();
  return {
    after(milliseconds, deed) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        deed();
      }, milliseconds);
      timer.unref();
      timers.add(timer);
    },
    [Symbol.dispose]() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
