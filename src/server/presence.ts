import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the server of a data directory listens, for commands that find the directory locked. */
export interface Presence {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
}

const fileOf = (directory: string): string => join(directory, 'server.json');

export function writePresence(directory: string, presence: Presence): void {
  const beside = join(directory, `server.${presence.pid}.json`);
  try {
    writeFileSync(beside, `${JSON.stringify(presence)}\n`);
    renameSync(beside, fileOf(directory));
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** null where no server has said so. It may have been killed since: nobody answers there then. */
export function readPresence(directory: string): Presence | null {
  try {
    return JSON.parse(readFileSync(fileOf(directory), 'utf8')) as Presence;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

export function removePresence(directory: string): void {
  rmSync(fileOf(directory), { force: true });
}

/** Where a client on this machine reaches a server that listens on `host`. */
export function addressOf(host: string, port: number): string {
  const here = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host];
  return `http://${here ?? (host.includes(':') ? `[${host}]` : host)}:${port}`;
}
