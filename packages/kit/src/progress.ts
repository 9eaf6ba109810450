/** Told what is going on, one line at a time; the command line decides how it is shown. */
export type Progress = (message: string) => void;

/** Shows nothing. */
export const silent: Progress = () => undefined;
