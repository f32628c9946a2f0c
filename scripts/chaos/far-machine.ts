/** Beside the folder of the fault points: one folder for each machine. */
export const FAR_FOLDER = "far";
export const MACHINE_FILE = "machine.json";

/** Processes of one worker that runs as on a machine of its own. */
export interface FarMachine {
  /** What the launcher takes for the worker. */
  stand: number;
  /** Switches the machine off once the stand is gone. */
  reaper: number;
  worker: number;
}

/** Ends all that has its home in the folder, and removes it, once its input closes. */
export const REAPER = `cat > /dev/null
for file in $(grep -lsz "^HOME=$1/" /proc/[0-9]*/environ); do
  pid=\${file#/proc/}
  kill -KILL "\${pid%/environ}" 2> /dev/null
done
rm -rf "$1"`;
