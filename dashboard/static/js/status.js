/** The five states of a task, as the engine counts them. */
export const COMPLETED = 0;
export const ERROR = 1;
export const SUSPENDED = 2;
export const RUNNING = 3;
export const CANCELED = 4;

export const STATUS_WORDS = ["Completed", "Error", "Suspended", "Running", "Canceled"];

/** The order in which states are listed and sorted: what moves first. */
export const STATUS_ORDER = [RUNNING, SUSPENDED, COMPLETED, ERROR, CANCELED];

export function isFinal(status) {
  return status !== SUSPENDED && status !== RUNNING;
}
