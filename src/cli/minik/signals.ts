/** The signals that a command gets, for verbs that decide themselves what becomes of them. */

/** What may be sent to a command, except what the system does not let it see. */
export const signalNames = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT'] as const;

export type SignalName = (typeof signalNames)[number];

/** Those that ask a command to end. */
export const endings: ReadonlySet<SignalName> = new Set(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM']);

export interface Signals {
  /** Calls back for every signal until the returned function is called. Without a listener, signals do nothing. */
  listen(listener: (signal: SignalName) => void): () => void;
}

/** The signals of this process, which from now on do nothing but call back. */
export function processSignals(): Signals {
  const listeners = new Set<(signal: SignalName) => void>();
  for (const name of signalNames) {
    process.on(name, () => {
      for (const listener of [...listeners]) listener(name);
    });
  }
  return {
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
