import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredFile } from "./model.ts";
import { SlackFailure } from "./slack-failure.ts";
import type { Workspace } from "./workspace.ts";

const MAX_FILE_BYTES = 100 * 1024 * 1024;
/** Makes names of files on disk safe: ids are ours, names are never used as paths. */
const ID = /^F[A-Z0-9]+$/;

export interface ReservedFile {
  id: string;
  name: string;
  /** Bytes announced; the upload must have exactly these. */
  length: number;
}

/** Uploaded files: the bytes on disk, what is known about them in the workspace. */
export interface FileStore {
  /** First step of an upload. @throws SlackFailure file_upload_size_restricted */
  reserve(fields: { name: string; length: number }): ReservedFile;
  /** Second step; false when the id or the length is not the reserved one. */
  receive(id: string, bytes: Uint8Array): Promise<boolean>;
  /** Third step. @throws SlackFailure file_not_found when nothing was uploaded */
  complete(fields: { id: string; title: string | undefined; user: string }): StoredFile;
  /** All steps at once, for a person's file. */
  add(fields: { name: string; mimetype: string | undefined; user: string; bytes: Uint8Array }): Promise<StoredFile>;
  /** @returns undefined when there is no such file */
  read(id: string): Promise<Buffer | undefined>;
}

export function createFileStore({ folder, workspace }: { folder: string; workspace: Workspace }): FileStore {
  const reserved = new Map<string, ReservedFile & { isReceived: boolean }>();

  const remember = (fields: Omit<StoredFile, "createdAt">): StoredFile => {
    const file = { ...fields, createdAt: workspace.now() };
    workspace.state.files.push(file);
    return file;
  };
  const write = async (id: string, bytes: Uint8Array): Promise<void> => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, id), bytes);
  };

  return {
    reserve({ name, length }) {
      if (length > MAX_FILE_BYTES) throw new SlackFailure("file_upload_size_restricted");
      const file = { id: newId(), name, length };
      reserved.set(file.id, { ...file, isReceived: false });
      return file;
    },
    async receive(id, bytes) {
      const file = reserved.get(id);
      if (file === undefined || file.length !== bytes.length) return false;
      await write(id, bytes);
      file.isReceived = true;
      return true;
    },
    complete({ id, title, user }) {
      const file = reserved.get(id);
      if (file === undefined || !file.isReceived) throw new SlackFailure("file_not_found");
      reserved.delete(id);
      const { name, length: size } = file;
      return remember({ id, name, title: title ?? name, mimetype: mimetypeOf(name), size, user });
    },
    async add({ name, mimetype, user, bytes }) {
      const id = newId();
      await write(id, bytes);
      return remember({ id, name, title: name, mimetype: mimetype ?? mimetypeOf(name), size: bytes.length, user });
    },
    async read(id) {
      if (!ID.test(id) || workspace.file(id) === undefined) return undefined;
      return readFile(join(folder, id));
    },
  };
}

function newId(): string {
  return `F${randomBytes(5).toString("hex").toUpperCase()}`;
}

const TYPES: Record<string, string> = {
  txt: "text/plain",
  md: "text/markdown",
  diff: "text/x-diff",
  patch: "text/x-diff",
  json: "application/json",
  csv: "text/csv",
  png: "image/png",
  jpg: "image/jpeg",
  pdf: "application/pdf",
  zip: "application/zip",
};

function mimetypeOf(name: string): string {
  return TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}
